from common.words import WORD


def handle(event, context):
    return f"{WORD} 0"
