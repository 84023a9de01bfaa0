{# Whether a request's status, in the words of any gateway, says that it failed. No status says
   nothing against it. #}
{% macro is_failed_status(status) -%}
    coalesce(
        lower({{ status }}) not in ('success', 'succeeded', 'succeed', '200', 'ok', 'completed'), false
    )
{%- endmacro %}
