"""Enrol a person: python enrolled_identity.py SERVER PORTRAIT PHOTO RESULT."""

import sys

from semblant import Client


def main(server: str, portrait: str, photo: str, output: str) -> int:
    """Keep a portrait of somebody who has agreed, and swap by its id."""
    with Client(server) as client:
        person = client.enrol_identity(
            [portrait], consent=True, name="Ann", statement="agreed on paper, for this film"
        )
        print(f"enrolled {person.id}, consent given {person.consent['given']}")
        try:
            client.swap([], photo, source_id=person.id, media_type="image/png").save(output)
        finally:
            client.delete_identity(person.id)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
