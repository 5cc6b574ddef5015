"""`sluice console`: a page on the loopback address that shows what happens on the project's local AWS.

server.py      the HTTP server; guard.py decides which requests it takes, page/ has the page
routes.py      the answers by method and path
local.py       the only way to AWS that the console has: the project's local AWS
deployment.py  the deployed stacks, their pictures (pictures.py) and nodes (nodes.py)
happenings.py  follows what happens; stream.py sends it to pages, following.py joins it to one thing's way
"""
