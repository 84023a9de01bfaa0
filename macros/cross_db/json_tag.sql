{# The value of the first `"key:value"` text in a JSON list of texts; null where there is none.
   DuckDB: a regular expression, since it is evaluated once a dictionary entry and not once a row;
   escapes (\u00e9, \") are rare and decoded only where there is a backslash. BigQuery: its own
   array functions. #}
{% macro json_tag(tags, key) -%}
    {{ return(adapter.dispatch('json_tag', 'twinledger')(tags, key)) }}
{%- endmacro %}

{% macro default__json_tag(tags, key) -%}
    {%- set found -%}
    nullif(regexp_extract({{ tags }}, '"{{ key }}:((?:[^"\\]|\\.)*)"', 1), '')
    {%- endset -%}
    case
        when strpos({{ tags }}, '\') > 0 then json_extract_string('["' || {{ found }} || '"]', '$[0]')
        else {{ found }}
    end
{%- endmacro %}

{% macro bigquery__json_tag(tags, key) -%}
    (
        select nullif(substr(json_value(tag), length('{{ key }}:') + 1), '')
        from unnest(json_query_array({{ tags }})) as tag with offset as tag_offset
        where starts_with(json_value(tag), '{{ key }}:')
        order by tag_offset asc nulls last
        limit 1
    )
{%- endmacro %}
