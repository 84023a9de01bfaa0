{# The token classes of a record and the parts of them that are no text, out of columns that staging
   models name alike: whole_input_tokens and whole_output_tokens, which hold their parts, the parts
   that the source tells (see token_parts) and the booleans of token_checks. Where the parts do not
   fit, the whole is kept and the parts are not believed.

   Of audio and images no more is told than what no cache served: a source that counts them over the
   whole prompt would have them priced twice.

   Args:
       parts: what the source tells.
       whole: what the model calls the whole input; none where it has no such column. #}
{% macro disjoint_classes(parts, whole='context_tokens') -%}
    {%- set none_told = "cast(0 as " ~ bigint_type() ~ ")" -%}
    {%- set uncached = (["whole_input_tokens"] + token_parts("input", parts)) | join(" - ") -%}
    {%- set visible = (["whole_output_tokens"] + token_parts("output", parts)) | join(" - ") -%}
    {%- if whole %}whole_input_tokens as {{ whole }},
        {% endif -%}
    case when is_input_consistent then {{ uncached }} else whole_input_tokens end
            as input_uncached_tokens,
        {%- for part in ["cache_read", "cache_write_5m", "cache_write_1h", "cache_write_other"] %}
        {% if part in parts -%}
        case when is_input_consistent then {{ part }}_tokens else 0 end
        {%- else -%}
        {{ none_told }}
        {%- endif %} as input_{{ part }}_tokens,
        {%- endfor %}
        case when is_output_consistent then {{ visible }} else whole_output_tokens end
            as output_visible_tokens,
        {% if "reasoning" in parts -%}
        case when is_output_consistent then reasoning_tokens else 0 end
        {%- else -%}
        {{ none_told }}
        {%- endif %} as output_reasoning_tokens,
        {%- set rest = uncached %}
        {%- if "audio_input" in parts -%}
            {%- set rest = uncached ~ " - least(audio_input_tokens, " ~ uncached ~ ")" -%}
        {%- endif %}
        {{ modality("audio_input", "input", parts, uncached) }} as input_audio_tokens,
        {{ modality("image_input", "input", parts, rest) }} as input_image_tokens,
        {{ modality("audio_read", "input", parts) }} as input_cache_read_audio_tokens,
        {{ modality("audio_output", "output", parts) }} as output_audio_tokens,
        {{ modality("image_output", "output", parts) }} as output_image_tokens
{%- endmacro %}

{% macro modality(part, whole, parts, most=none) -%}
    {%- if part not in parts -%}
    cast(0 as {{ bigint_type() }})
    {%- else -%}
    case
            when is_{{ whole }}_consistent and is_{{ whole }}_modality_consistent
                then {{ "least(" ~ part ~ "_tokens, " ~ most ~ ")" if most else part ~ "_tokens" }}
            else 0
        end
    {%- endif -%}
{%- endmacro %}
