"""A bundle on a phone without an app: a page that proves, times and shows it, and the server behind the page.

Nothing is imported here: only ``edgeattn serve`` needs a server.
"""
