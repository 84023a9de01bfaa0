{# Tokens of another kind than text, as columns: each is a part of one class, so that it is never added
   to it. What a source does not tell apart is inside its class. #}
{% macro token_modalities() -%}
    {{ return([
        "input_audio_tokens",
        "input_image_tokens",
        "input_cache_read_audio_tokens",
        "output_audio_tokens",
        "output_image_tokens",
    ]) }}
{%- endmacro %}
