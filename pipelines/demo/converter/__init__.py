"""A converter of units: the web application that the demo pipeline checks, packs and deploys."""

from converter.web import Application
from converter.views import routes

application = Application(routes)
