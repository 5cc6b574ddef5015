"""The little pictures of the boxes: drawn here, in the colours people know the services by."""

# Kind of box -> colour of its tile, and the symbol in it: strokes on a field of 24 by 24.
SYMBOLS = {
    "aws_s3_bucket": (
        "#5f8a12",
        "M5 6h14l-2 13H7zM5 6c0 1.4 3.1 2.4 7 2.4S19 7.4 19 6s-3.1-2.4-7-2.400S5 4.6 5 6",
    ),
    "aws_lambda_function": ("#c85f00", "M6 5h4l8 14M11.5 10L7 19"),
    "aws_dynamodb_table": ("#a31aab", "M4 5h16v14H4zM4 9.500h16M4 14.200h16M10 5v14"),
    "aws_sns_topic": ("#c4126a", "M5 10v4h3l7 4V6l-7 4zM18 9.500a4 4 0 0 1 0 5"),
    "aws_sqs_queue": ("#c4126a", "M3.5 8h4.500v8H3.500zM9.8 8h4.500v8H9.800zM16 8h4.500v8H16z"),
    "aws_api_gateway_rest_api": ("#7a3cf0", "M9 6l-5 6 5 6M15 6l5 6-5 6"),
    "aws_apigatewayv2_api": ("#7a3cf0", "M9 6l-5 6 5 6M15 6l5 6-5 6"),
    "aws_kms_key": ("#c9283f", "M8.5 8a4 4 0 1 0 .1 8 4 4 0 0 0-.1-8M12.5 12H20v3.500M16.8 12v2.8"),
    "aws_secretsmanager_secret": ("#c9283f", "M6 11h12v8.500H6zM8.5 11V8.500a3.5 3.5 0 0 1 7 0V11M12 14v2.500"),
    "aws_cloudwatch_dashboard": ("#c4126a", "M4 19h16M6.5 19v-6M11 19V8M15.5 19v-8M20 19V5"),
    "aws_cloudwatch_event_bus": ("#c4126a", "M4 12h16M8 12V6M16 12V6M12 12v6"),
    "aws_cloudwatch_event_rule": ("#c4126a", "M4 6h16l-6 7v6l-4-2v-4z"),
    "aws_scheduler_schedule": ("#c4126a", "M12 4a8 8 0 1 0 .1 0M12 7.500V12l3 2"),
    "alarms": ("#c4126a", "M6 16.500V11a6 6 0 0 1 12 0v5.500l1.5 1.500h-15zM10.5 20.500h3"),
    "mail": ("#47566b", "M4 6.500h16v11H4zM4 7l8 6.500L20 7"),
    "people": ("#47566b", "M12 4.500a3.5 3.5 0 1 0 .1 0M5 20c0-4.5 3-6.5 7-6.500s7 2 7 6.5"),
    "other": ("#47566b", "M5 5h14v14H5zM9 12h6M12 9v6"),
}
