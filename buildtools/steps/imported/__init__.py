"""Reports of other tools, read into the model: a pure function of bytes for each form.

`forms` knows which there are and tells them apart; `whereabouts` makes the tools' paths those of the project; `verdict`
says what it all comes to. What is read may be damaged or hostile: sizes are bounded, nothing is fetched, no entity is
expanded, and whatever cannot be read is one `Unreadable` with its place.
"""
