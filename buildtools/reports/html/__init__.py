"""The finished run as one HTML page that needs nothing beside it.

The page reads well as bare HTML, since Jenkins and others serve artifacts under a policy that blocks scripts and
styles; with its own style and script it gets better. Nothing in it is an attribute that such a policy blocks.
"""
