"""`python -m cli.docs`: write the generated pages."""

from cli.docs.pages import write

if __name__ == "__main__":
    for path in write():
        print(f"written: {path}")
