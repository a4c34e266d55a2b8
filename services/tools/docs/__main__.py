"""`python -m services.tools.docs`: write the generated pages anew."""

from services.tools.docs.pages import write

if __name__ == "__main__":
    for path in write():
        print(f"written: {path}")
