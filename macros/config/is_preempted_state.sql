{# Whether a job's state, in the words of any scheduler, says that its capacity was taken back from it;
   null where there is no state. #}
{% macro is_preempted_state(state) -%}
    (
        lower({{ state }}) like 'preempt%'
        or lower({{ state }}) like 'evict%'
        or lower({{ state }}) like 'reclaim%'
        or lower({{ state }}) like 'interrupt%'
    )
{%- endmacro %}
