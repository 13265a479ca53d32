"""`python -m whipsnake bench`: how fast is a program, a suite, another Python; honestly.

What is measured runs in fresh processes, the runtimes in turn, so that whatever else the machine does touches all of
them. Everything measured is kept as JSON, and shown as a table and as a page of HTML.
"""
