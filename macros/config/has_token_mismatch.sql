{# Whether some part of a record's tokens was not believed: by token_checks, or by further booleans of
   the model that are false where something is wrong. #}
{% macro has_token_mismatch(checks=[]) -%}
    not (
            {{ (["is_input_consistent", "is_output_consistent", "is_input_modality_consistent",
                "is_output_modality_consistent"] + checks) | join("\n            and ") }}
        )
{%- endmacro %}
