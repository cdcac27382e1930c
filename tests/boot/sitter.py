"""People before the guided screens: they read what stands there, and type."""

import time

# Screens that need nothing but to be read.
ON = "Enter: go on"


class Sitter:
    """Whoever sits before this machine."""

    def __init__(self, machine):
        self.machine = machine

    def sees(self, words, patience=None):
        """Waits until these words stand on the screen, and the screen stands still; its text."""

        def look():
            text = self.machine.text()
            return words in text and text == self.machine.text() and text

        return self.machine.until(f"screen: {words}", look, patience)

    def at(self, words, typed, patience=None):
        """Waits for these words, types, and waits until something else is on the screen; what it was."""
        before = self.sees(words, patience)
        self.machine.type(typed)
        self.changed(before)
        return before

    def changed(self, before, patience=10):
        end = time.monotonic() + patience
        while time.monotonic() < end and self.machine.text() == before:
            time.sleep(0.1)

    def reads(self, until, patience=None):
        """Reads page after page up to one that has these words; the text of all of them."""
        pages = []

        def look():
            text = self.machine.text()
            if until in text:
                return True
            if ON in text and text == self.machine.text():
                pages.append(text)
                self.machine.press("ret")
                self.changed(text)
            return False

        self.machine.until(f"read up to: {until}", look, patience)
        return "\n".join(pages)

    def chooses(self, heading, entry, patience=None):
        """Takes the entry of a menu by its number, once it is there."""

        def look():
            text = self.machine.text()
            for line in text.splitlines() if heading in text else []:
                words = line.replace(">", " ").split(None, 1)
                if len(words) == 2 and words[0].isdigit() and words[1].startswith(entry):
                    return text, words[0]
            return None

        text, number = self.machine.until(f"menu: {heading} {entry}", look, patience)
        self.machine.type(number)
        self.changed(text)
        return text
