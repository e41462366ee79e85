"""Invented people and schools; many a surname is an ordinary word, as surnames are."""

from __future__ import annotations

from typing import Final

_SURNAMES: Final = """
    Page English Day Art May Reading Young Hall Band Bell Field Rivers Winters Parks Marks Cook Baker
    Okafor Ramirez Nguyen Delacroix Haugen Petrov Abara Lindqvist Moreau Tanaka Osei Castellanos Fenwick
    Brandt Iyer Kowalski Mbeki Sandoval Thorne Varga Whitlock Yilmaz Zamora O'Hara Núñez Smith-Barlow
    Aldana Bergeron Chukwu Dragomir Eastwick Farouk Galvez Hargrove Ibarra Jankowski Kessler Lovett
    Maddox Norwood Ortega Pruitt Quintero Rostova Stavros Tremblay Underhill Villareal Weatherby Xiong
    Ybarra Zeller Ainsley Boateng Carrow Dunleavy Escobar Fairbairn Grimaldi Holloway Ingram Jessup
"""
_FIRST_NAMES: Final = """
    Avery Blythe Caspian Delphine Emeka Farah Gideon Harlow Imani Joaquín Kiran Leocadia Mateo Nerys Odell
    Priya Quentin Rosalind Soren Thandiwe Ulises Vesper Wendeline Xiomara Yusuf Zadie
"""
_FAMILY_NAMES: Final = """
    Garcia Lopez Martinez Hartwell Bartlett Vasquez Thibodeaux Abernathy Okonkwo Delgado Hernandez Rodriguez
    Gutierrez Peña-Muñoz O'Sullivan McAllister VanDerveer Kaczmarek Czerwinski Nakamura Venkataraman Adeyemi
    Mukherjee Fitzpatrick Castañeda Villaseñor Bjornsson Szymanski Tadesse Khoury Hashemi Laurentis
    Papadakis Obermeyer Zbinden Quackenbush Featherstone Dimitriou Iglesias Jaramillo Wojcik Mbatha Esquivel
"""
_GIVEN_NAMES: Final = """
    Guadalupe Deshawn Siobhan Tomasz Yolanda Ngozi Beatriz Kenji Lourdes Anneliese Mariela Hyacinth
"""
FAMILY_NAMES: Final = tuple(_FAMILY_NAMES.split())
"""Surnames that are no words of schools; in three of them stands one all the same."""
GIVEN_NAMES: Final = tuple(_GIVEN_NAMES.split())
COLLEGES: Final = (
    "Spelman",
    "Howard",
    "Purdue",
    "Rutgers",
    "Tulane",
    "Baylor",
    "Xavier",
    "Fordham",
    "Drexel",
)
SURNAMES: Final = tuple(_SURNAMES.split())
FIRST_NAMES: Final = tuple(_FIRST_NAMES.split())
SCHOOLS: Final = (
    "Cedar Ridge",
    "Lakeview",
    "Maple Hollow",
    "North Fork",
    "Prairie Bend",
    "Silver Creek",
    "Stone Bridge",
    "Willow Grove",
)
PEAKS: Final = ("Summit", "Rainier", "Shasta", "Denali", "Whitney", "Elbert", "Foraker", "Logan")
WORDED: Final = {"1": "First", "2": "Second", "3": "Third", "4": "Fourth", "5": "Fifth"}
ORDINALS: Final = {
    "PreKindergarten": "PreK",
    "Kindergarten": "Kindergarten",
    "1": "1st",
    "2": "2nd",
    "3": "3rd",
    **{str(grade): f"{grade}th" for grade in range(4, 13)},
}
