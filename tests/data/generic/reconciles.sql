{# Rows: parts of a bill's difference that have no cause, each with its invoice and step. Nothing is published then. What to do
   stands in the test's description. #}
{% test reconciles(model) %}

    select
        issuer,
        invoice_id as invoice,
        period,
        currency,
        step,
        invoice_amount as invoiced,
        billed_cost as billed,
        difference
    from {{ model }}
    where status = 'unmatched'
    order by issuer asc nulls last, period asc nulls last, invoice_id asc nulls last

{% endtest %}
