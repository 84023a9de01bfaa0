{# Whether a record's parts fit into their wholes: the booleans that disjoint_classes and
   has_token_mismatch go by. A modality may lie within what a cache served, so that of the input it is
   held against the whole.

   Args:
       parts: what the source tells, as in token_parts.
       believed: a condition on the whole itself, such as its fitting a stated total. #}
{% macro token_checks(parts, believed='true') -%}
    {%- set read_audio = ["cache_read_tokens >= audio_read_tokens"] if "audio_read" in parts else [] -%}
    {{ parts_fit("whole_input_tokens", token_parts("input", parts), [believed]) }} as is_input_consistent,
        {{ parts_fit("whole_output_tokens", token_parts("output", parts), [believed]) }} as is_output_consistent,
        {{ parts_fit("whole_input_tokens", token_parts("input_modality", parts), read_audio) }}
            as is_input_modality_consistent,
        {{ parts_fit(
            (["whole_output_tokens"] + token_parts("output", parts)) | join(" - "),
            token_parts("output_modality", parts),
        ) }} as is_output_modality_consistent
{%- endmacro %}

{% macro parts_fit(whole, parts, conditions=[]) -%}
    {%- set told = [] -%}
    {%- if parts -%}
        {%- do told.append(whole ~ " >= " ~ parts | join(" + ")) -%}
        {%- do told.append("least(0, " ~ parts | join(", ") ~ ") = 0") -%}
    {%- endif -%}
    {{ (conditions | reject("equalto", "true") | list + told) | join(" and ") or "true" }}
{%- endmacro %}
