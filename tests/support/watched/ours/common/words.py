WORD = "ours"
