"""Statements that BigQuery takes and statements that it refuses, on the tables of `TABLES`.

The lists are what an engine that stands in for BigQuery is measured with: it should refuse all
wrong ones and take all right ones. Three more are not counted: two that look wrong and are valid,
and one that we do not know.
"""

from __future__ import annotations

# Columns by table; `arrivals` is partitioned by time of arrival.
TABLES = {
    "usage": (
        "id int64, ts timestamp, day date, model string, cost numeric, tokens int64, payload json, "
        "tags array<string>, items array<struct<sku string, qty int64, price numeric>>, "
        "who struct<team string, name string>, f float64"
    ),
    "dim": "model string, price numeric, dbt_valid_from timestamp, dbt_valid_to timestamp",
    "inc": "day date, model string, cost numeric",
    "arrivals": "model string, cost numeric",
}
ROWS = (
    "insert into `p`.`d`.`usage` values (1, timestamp '2024-01-02 03:04:05+00', date '2024-01-02', "
    "'gpt-4', 2.5, 10, json '{\"a\": {\"b\": 1}, \"n\": 7}', ['x', 'y'], "
    "[struct('s' as sku, 2 as qty, numeric '0.5' as price)], "
    "struct('t' as team, 'n' as name), 1.5)",
    "insert into `p`.`d`.`dim` values ('gpt-4', 1, timestamp '2020-01-01 00:00:00+00', null)",
    "insert into `p`.`d`.`inc` values (date '2024-01-01', 'gpt-4', 1)",
)

RIGHT = {
    "qualify": (
        "select id, model from `p`.`d`.`usage` qualify row_number() over (partition by model "
        "order by ts desc)=1"
    ),
    "dashed project": "select 1 from unnest([1,2]) x",
    "group by all": (
        "select model, date_trunc(day, month) m, sum(cost) c from `p`.`d`.`usage` group by all"
    ),
    "struct/array": (
        "select who.team, i.sku, i.qty*i.price amt, offset from `p`.`d`.`usage`, "
        "unnest(items) i with offset"
    ),
    "array_agg": (
        "select model, array_agg(struct(id as id, cost as cost) order by ts limit 3) xs, "
        "array_length(any_value(tags)) n from `p`.`d`.`usage` group by model"
    ),
    "array offset": ("select tags[safe_offset(0)] t0, items[offset(0)].sku from `p`.`d`.`usage`"),
    "safe_divide": (
        "select safe_divide(cost, tokens) r, safe_cast('x' as int64) i, "
        "SAFE.PARSE_DATE('%F','x') d from `p`.`d`.`usage`"
    ),
    "json": (
        "select json_value(payload,'$.a.b') a, json_query(payload,'$.x') x, int64(payload.n) "
        "n, lax_int64(payload.n), payload['k'] k, json_extract_scalar(payload,'$.z') z, "
        "to_json_string(payload) s from `p`.`d`.`usage`"
    ),
    "json arr": (
        "select json_value_array(payload,'$.a') a, json_query_array(payload,'$.a') b, "
        "parse_json('{}') c from `p`.`d`.`usage`"
    ),
    "date": (
        "select date_trunc(day, month), timestamp_trunc(ts, hour), date_diff(current_date(), "
        "day, day), date_add(day, interval 1 month), format_date('%Y-%m', day), "
        "extract(isoweek from day), timestamp_sub(ts, interval 3 day), datetime(ts,'UTC'), "
        "last_day(day) from `p`.`d`.`usage`"
    ),
    "numeric": (
        "select cast('1.5' as numeric), numeric '2.5', cast(cost as bignumeric), cast(1 as "
        "decimal), round(cost,2), cast(x as integer) from `p`.`d`.`usage`, unnest([1.0]) x"
    ),
    "param types": "select cast('a' as string(10)), cast(1 as numeric(10,2))",
    "CTAS part": (
        "create or replace table `p`.`d`.`x` partition by day cluster by model, id "
        "options(description='''d''', labels=[('a','b')], partition_expiration_days=30, "
        "require_partition_filter=true) as (select * except(payload, f) from `p`.`d`.`usage`)"
    ),
    "CTAS ts_trunc part": (
        "create or replace table `p`.`d`.`x` partition by timestamp_trunc(ts, hour) as select "
        "ts, id from `p`.`d`.`usage`"
    ),
    "CTAS range part": (
        "create or replace table `p`.`d`.`x` partition by range_bucket(id, "
        "generate_array(0,100,10)) as select ts, id from `p`.`d`.`usage`"
    ),
    "CTAS contract": (
        "create or replace table `p`.`d`.`x` (id int64 not null, cost numeric "
        "options(description='c'), primary key(id) not enforced) as select id, cost from "
        "`p`.`d`.`usage`"
    ),
    "view": (
        "create or replace view `p`.`d`.`v` options(description='x') as select id from "
        "`p`.`d`.`usage`"
    ),
    "mview": (
        "create materialized view if not exists `p`.`d`.`mv` partition by day cluster by "
        "model options(enable_refresh=true) as select day, model, sum(cost) c from "
        "`p`.`d`.`usage` group by 1,2"
    ),
    "merge": (
        "merge into `p`.`d`.`inc` as DBT_INTERNAL_DEST using (select day, model, sum(cost) "
        "cost from `p`.`d`.`usage` group by 1,2) as DBT_INTERNAL_SOURCE on "
        "(DBT_INTERNAL_SOURCE.model = DBT_INTERNAL_DEST.model) and (DBT_INTERNAL_SOURCE.day = "
        "DBT_INTERNAL_DEST.day) when matched then update set `day`=DBT_INTERNAL_SOURCE.`day`, "
        "`cost`=DBT_INTERNAL_SOURCE.`cost` when not matched then insert "
        "(`day`,`model`,`cost`) values (`day`,`model`,`cost`)"
    ),
    "merge insert_overwrite": (
        "merge into `p`.`d`.`inc` as DBT_INTERNAL_DEST using (select * from `p`.`d`.`inc`) as "
        "DBT_INTERNAL_SOURCE on FALSE when not matched by source and "
        "date(DBT_INTERNAL_DEST.day) in unnest([date '2024-01-01']) then delete when not "
        "matched then insert (`day`,`model`,`cost`) values (`day`,`model`,`cost`)"
    ),
    "delete": "delete from `p`.`d`.`inc` where day >= '2024-01-01'",
    "insert": (
        "insert into `p`.`d`.`inc` (day, model, cost) (select day, model, cost from "
        "`p`.`d`.`usage`)"
    ),
    "update": "update `p`.`d`.`inc` set cost = cost*2 where true",
    "truncate": "truncate table `p`.`d`.`inc`",
    "drop": "drop table if exists `p`.`d`.`inc`",
    "alter": "alter table `p`.`d`.`inc` add column extra string, drop column cost",
    "alter opts": (
        "alter table `p`.`d`.`inc` set "
        "options(expiration_timestamp=TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 12 hour))"
    ),
    "schema": "create schema if not exists `p`.`d2` options(location='EU')",
    "clone": "create or replace table `p`.`d`.`cl` clone `p`.`d`.`inc`",
    "copy": "create or replace table `p`.`d`.`cl` copy `p`.`d`.`inc`",
    "pivot": (
        "select * from (select model, day, cost from `p`.`d`.`usage`) pivot(sum(cost) for "
        "model in ('a','b'))"
    ),
    "unpivot": "select * from (select 1 a, 2 b) unpivot(v for k in (a,b))",
    "window": (
        "select sum(cost) over (partition by model order by unix_date(day) range between 6 "
        "preceding and current row) from `p`.`d`.`usage`"
    ),
    "approx": (
        "select approx_quantiles(cost,100)[offset(95)], approx_count_distinct(model), "
        "countif(cost>1), logical_or(cost>1), percentile_cont(f,0.5) over() from "
        "`p`.`d`.`usage` group by cost, f"
    ),
    "recursive": (
        "with recursive t as (select 1 n union all select n+1 from t where n<5) select * from t"
    ),
    "generate": (
        "select d from unnest(generate_date_array(date '2024-01-01', date '2024-02-01', "
        "interval 1 day)) d"
    ),
    "regexp": (
        "select regexp_extract(model, r'^([a-z]+)') , regexp_contains(model, r'gpt'), "
        "split(model,'-')[safe_ordinal(1)], to_hex(md5(model)), farm_fingerprint(model), "
        "generate_uuid() from `p`.`d`.`usage`"
    ),
    "except distinct": (
        "select model from `p`.`d`.`usage` except distinct select model from `p`.`d`.`dim`"
    ),
    "pipe": "from `p`.`d`.`usage` |> where cost>1 |> aggregate sum(cost) c group by model",
    "system time": (
        "select * from `p`.`d`.`inc` for system_time as of timestamp_sub(current_timestamp(), "
        "interval 1 hour)"
    ),
    "whole-quoted path": "select id from `p.d.usage`",
    "range join": (
        "select u.id, d.price from `p`.`d`.`usage` u left join `p`.`d`.`dim` d on "
        "u.model=d.model and u.ts>=d.dbt_valid_from and u.ts<coalesce(d.dbt_valid_to, "
        "timestamp '9999-12-31')"
    ),
    "max_by": (
        "select max_by(model, cost), any_value(model having max cost), string_agg(distinct "
        "model, ',' order by model) from `p`.`d`.`usage`"
    ),
    "_PARTITIONTIME": "select _PARTITIONTIME from `p`.`d`.`arrivals`",
    "information_schema": "select table_name from `p`.`d`.INFORMATION_SCHEMA.TABLES",
    "session_user": "select session_user(), @@dataset_id",
    "contains_substr": "select contains_substr(model,'x') from `p`.`d`.`usage`",
}

WRONG = {
    "unknown col": "select nope from `p`.`d`.`usage`",
    "unknown table": "select * from `p`.`d`.`nope`",
    "duckdb ::": "select id::string from `p`.`d`.`usage`",
    "varchar": "select cast(id as varchar) from `p`.`d`.`usage`",
    "double": "select cast(id as double) from `p`.`d`.`usage`",
    "duckdb date_trunc order": "select date_trunc('month', day) from `p`.`d`.`usage`",
    "duckdb date_diff": "select date_diff('day', day, current_date()) from `p`.`d`.`usage`",
    "strftime": "select strftime(day,'%Y') from `p`.`d`.`usage`",
    "date>timestamp": "select id from `p`.`d`.`usage` where day > ts",
    "numeric=string": "select id from `p`.`d`.`usage` where cost = 'abc'",
    "int=string": "select id from `p`.`d`.`usage` where id = model",
    "filter clause": "select count(*) filter (where cost>1) from `p`.`d`.`usage`",
    "ungrouped": "select model, id, sum(cost) from `p`.`d`.`usage` group by model",
    "alias in where": "select cost*2 as c2 from `p`.`d`.`usage` where c2>1",
    "lateral alias": "select cost*2 as c2, c2+1 as c3 from `p`.`d`.`usage`",
    "union mismatch": (
        "select id from `p`.`d`.`usage` union all select model from `p`.`d`.`usage`"
    ),
    "plain union": "select id from `p`.`d`.`usage` union select id from `p`.`d`.`usage`",
    "reserved as alias": "select 1 as hash, 2 as rows, 3 as `groups`, 4 as window",
    "order by json": "select * from `p`.`d`.`usage` order by payload",
    "select distinct json": "select distinct payload from `p`.`d`.`usage`",
    "group by json": "select payload, count(*) from `p`.`d`.`usage` group by payload",
    "partition by float": (
        "create or replace table `p`.`d`.`x` partition by f as select f from `p`.`d`.`usage`"
    ),
    "partition by unknown": (
        "create or replace table `p`.`d`.`x` partition by zz as select f from `p`.`d`.`usage`"
    ),
    "cluster by json": (
        "create or replace table `p`.`d`.`x` cluster by payload as select payload from "
        "`p`.`d`.`usage`"
    ),
    "partition by two": (
        "create or replace table `p`.`d`.`x` partition by day, id as select day, id from "
        "`p`.`d`.`usage`"
    ),
    "bad option": ("create or replace table `p`.`d`.`x` options(descriptoin='a') as select 1 a"),
    "dup cols ctas": "create or replace table `p`.`d`.`x` as select 1 a, 2 a",
    "anon col ctas": "create or replace table `p`.`d`.`x` as select 1+1",
    "merge dup target type": (
        "merge `p`.`d`.`inc` t using (select 'x' as day, 'm' as model, 1.0 as cost) s on "
        "t.day=s.day when matched then update set cost=s.cost"
    ),
    "insert type": (
        "insert into `p`.`d`.`inc`(day,model,cost) select ts, model, cost from `p`.`d`.`usage`"
    ),
    "insert float to numeric": (
        "insert into `p`.`d`.`inc`(day,model,cost) select day, model, f from `p`.`d`.`usage`"
    ),
    "ilike": "select id from `p`.`d`.`usage` where model ilike 'a%'",
    "list lit": "select [1,2,'a']",
    "struct lit duck": "select {'a':1}",
    "timestamp add dur": "select timestamp_add(ts, interval 1 month) from `p`.`d`.`usage`",
    "date - date": "select day - day + 1 from `p`.`d`.`usage`",
    "listagg": "select listagg(model) from `p`.`d`.`usage`",
    "bool_or": "select bool_or(cost>1) from `p`.`d`.`usage`",
    "median": "select median(cost) from `p`.`d`.`usage`",
    "row_number no over": "select row_number() from `p`.`d`.`usage`",
    "full outer nonequi": (
        "select 1 from `p`.`d`.`usage` u full join `p`.`d`.`dim` d on u.ts>d.dbt_valid_from"
    ),
    "correlated": (
        "select (select price from `p`.`d`.`dim` d where d.dbt_valid_from<u.ts limit 1) from "
        "`p`.`d`.`usage` u"
    ),
    "delete no where": "delete from `p`.`d`.`inc`",
    "update no where": "update `p`.`d`.`inc` set cost=1",
    "int / int type": (
        "create or replace table `p`.`d`.`x` (r int64) as select tokens/id r from `p`.`d`.`usage`"
    ),
}

# GROUP BY and DISTINCT take arrays and structs by now.
VALID_AFTER_ALL = {
    "array null part": "select distinct tags from `p`.`d`.`usage`",
    "group by struct array": "select items, count(*) from `p`.`d`.`usage` group by items",
}
# Whether || turns an INT64 into a text, the documentation leaves open.
UNCERTAIN = {
    "concat int": "select id || model from `p`.`d`.`usage`",
}
