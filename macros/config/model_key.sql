{# A model's name as bills and usage share it: small letters and digits, without the path or the vendor
   before it, the version of its hosting or the date of its release behind it. A null is ''. #}
{% macro model_key(expression) -%}
    {%- set unwanted = [
        '^[^ ]*/',
        '^([a-z-]+[.])+',
        '-v[0-9]+:[0-9]+$',
        '[-@]20[0-9][0-9]-?[0-9][0-9]-?[0-9][0-9]$',
        '-latest$',
        '[^a-z0-9]+',
    ] -%}
    {%- set name = namespace(sql="lower(coalesce(" ~ expression ~ ", ''))") -%}
    {%- for pattern in unwanted -%}
        {%- set name.sql = replace_all(name.sql, pattern, '') -%}
    {%- endfor -%}
    {{ return(name.sql) }}
{%- endmacro %}

{# What is left of a bill's text when the words for classes, tiers, places and units are taken out: the
   model, where the text names one. #}
{% macro model_in_text(expression) -%}
    {%- set words = [
        'uncached', 'cached', 'credits?', 'discount', 'refund', 'cache', 'cchd', 'hits?', 'reads?', 'writes?', 'creation', 'ephemeral',
        '5m', '1h', 'inputs?', 'inp', 'outputs?', 'outp', 'outpt', 'prompt', 'completion', 'tokens?', 'count', 'per',
        '1m', '1k', 'million', 'usage', 'batch', 'flex', 'priority', 'standard', 'global', 'glbl',
        'regional', 'regnl', 'rgnl', 'data zone', 'datazone', 'dzone', 'dz',
    ] -%}
    {%- set text = "replace(lower(coalesce(" ~ expression ~ ", '')), '_', ' ')" -%}
    {%- set placed = replace_all(text, '^(us|eu|ap|ca|sa|me|af|il)[a-z]?[a-z]?[0-9]-', '') -%}
    {%- set bare = replace_all(placed, '\\b(' ~ words | join('|') ~ ')\\b', ' ') -%}
    {{ return(replace_all(bare, '^[^a-z0-9]+|[^a-z0-9]+$', '')) }}
{%- endmacro %}
