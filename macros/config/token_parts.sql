{# The columns of a staging model that are parts of its whole input or output, of those that its source
   tells. #}
{% macro token_parts(whole, parts) -%}
    {%- set known = {
        "input": ["cache_read", "cache_write_5m", "cache_write_1h", "cache_write_other"],
        "output": ["reasoning"],
        "input_modality": ["audio_input", "image_input", "audio_read"],
        "output_modality": ["audio_output", "image_output"],
    } -%}
    {%- set told = [] -%}
    {%- for part in known[whole] if part in parts -%}
        {%- do told.append(part ~ "_tokens") -%}
    {%- endfor -%}
    {{ return(told) }}
{%- endmacro %}
