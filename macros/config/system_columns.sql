{# Where a landed row came from, in our words. #}
{% macro system_columns() -%}
    _source_name as source_name,
        _load_id as load_id,
        _source_file as source_file,
        _source_row as source_row,
        _period as period
{%- endmacro %}
