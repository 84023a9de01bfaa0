{#- A condition that is true on every row; unknown counts as broken. -#}
{% test holds(model, condition) %}

    select *
    from {{ model }}
    where not coalesce({{ condition }}, false)

{% endtest %}
