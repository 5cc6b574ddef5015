def handler(event, context):
    return "plain 0"
