def main(folder: str) -> int:
    return 0
