from trackerwatch.tui.model.natural import natural_key


def test_numbers_sort_as_numbers_and_capitals_count_for_nothing():
    names = ["item10", "Item2", "item1", "b", "ITEM 3", "a"]
    assert sorted(names, key=natural_key) == ["a", "b", "ITEM 3", "item1", "Item2", "item10"]


def test_versions_sort_part_by_part():
    names = ["distro-13.10", "distro-13.2", "distro-9.1"]
    assert sorted(names, key=natural_key) == ["distro-9.1", "distro-13.2", "distro-13.10"]


def test_what_is_longer_than_any_number_is_text():
    assert natural_key("9" * 500) == "9" * 500
    assert natural_key("٣") == "٣"
