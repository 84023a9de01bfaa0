{# What is priced apart: the quantity of each class out of the columns of token usage, and the classes
   of the price book that price it, the first known one first. Audio and images are parts of a token
   class and leave the rest of it; thinking without a price of its own is output, a cache write of
   unknown lifetime is the vendors' usual one. #}
{% macro priced_classes() -%}
    {%- set input, output = "input_uncached", "output_visible_tokens" -%}
    {{ return({
        "input_uncached": [input ~ "_tokens - input_audio_tokens - input_image_tokens", [input]],
        "input_audio": ["input_audio_tokens", ["input_audio_tokens", input]],
        "input_image": ["input_image_tokens", ["input_image_tokens", input]],
        "input_cache_read": [
            "input_cache_read_tokens - input_cache_read_audio_tokens", ["input_cache_read"]
        ],
        "input_cache_read_audio": [
            "input_cache_read_audio_tokens", ["cache_audio_read_tokens", "input_cache_read"]
        ],
        "input_cache_write_5m": ["input_cache_write_5m_tokens", ["input_cache_write_5m"]],
        "input_cache_write_1h": ["input_cache_write_1h_tokens", ["input_cache_write_1h"]],
        "input_cache_write_other": [
            "input_cache_write_other_tokens", ["input_cache_write_other", "input_cache_write_5m"]
        ],
        "output_visible": [output ~ " - output_audio_tokens - output_image_tokens", ["output"]],
        "output_audio": ["output_audio_tokens", ["output_audio_tokens", "output"]],
        "output_image": ["output_image_tokens", ["output_image_tokens", "output"]],
        "output_reasoning": ["output_reasoning_tokens", ["output_reasoning", "output"]],
        "requests": ["requests", ["requests"]],
    }) }}
{%- endmacro %}

{# Units other than tokens as logs may name them, each with the classes of the price book that price
   it; any other unit is priced by the class of its own name. #}
{% macro unit_prices() -%}
    {{ return({
        "audio_seconds": ["audio_seconds", "input_audio_seconds"],
        "input_audio_seconds": ["input_audio_seconds", "audio_seconds", "input_seconds"],
        "characters": ["input_characters"],
        "images": ["output_images"],
        "messages": ["input_text_messages"],
        "pages": ["input_document_pages"],
        "searches": ["searches", "web_searches"],
        "web_search_requests": ["web_searches", "searches"],
        "web_searches": ["web_searches", "searches"],
    }) }}
{%- endmacro %}

{# Whatever is rated, with the classes of the price book that price it. #}
{% macro classes_of_prices() -%}
    {%- set classes = {} -%}
    {%- for priced_class, (_, price_classes) in priced_classes().items() -%}
        {%- do classes.update({priced_class: price_classes}) -%}
    {%- endfor -%}
    {%- do classes.update(unit_prices()) -%}
    {{ return(classes) }}
{%- endmacro %}
