"""The words of Port Halden. All invented for it or too common to belong to one place."""

from typing import Final

CITY: Final = "Port Halden"

_STREET_WORDS: Final = """
    Abbey Acorn Alder Almond Anchor Apple Arcade Ash Aspen Baker Barge Barley Basin Bay Beacon
    Beech Bell Birch Bramble Brewer Briar Bridge Brook Canal Candle Carter Cedar Cherry Chestnut
    Clay Clover Cobble Compass Cooper Copper Coral Cross Crown Dale Dairy Dock Dove Elder Elm
    Fern Ferry Finch Fisher Flint Forge Fountain Garnet Gate Glass Grange Grove Gull Hazel Heron
    Hill Holly Iris Ivy Juniper Kestrel Kiln Larch Lark Laurel Lilac Lime Linnet Lock Magnolia
    Maple Market Mason Meadow Mill Mint Myrtle Nettle North Oak Orchard Osier Otter Pear Pebble
    Pilot Pine Plover Plum Poplar Potter Primrose Quarry Raven Reed Robin Rope Rowan Saddler Sage
    Salt Sand Sedge Shell Signal Silver Slate Sorrel Spinner Spring Spruce Station Stone
    Sycamore Tern Thistle Tide Timber Tower Trinity Turner Vale Vine Walnut Warren Water Weaver
    Well Wharf Wheat Willow Wren Yarrow Yew
"""
STREET_WORDS: Final = tuple(_STREET_WORDS.split())

# Lines of the grid whose names the preset incident and the written guide rely on.
ALONG: Final = {
    0: "Mercer Ave",
    1: "Union St",
    2: "Harbour St",
    3: "Foundry St",
    4: "Chapel St",
    6: "Halden Ave",
    -1: "Lantern St",
    -2: "Ropewalk",
    -3: "Tannery Row",
    -6: "Founders Way",
    12: "Observatory Rd",
}
ACROSS: Final = {
    0: "Quay Rd",
    1: "Marigold Ave",
    -1: "Bellows Lane",
    -2: "Cable St",
    3: "Weir Rd",
    -3: "Sexton St",
    -6: "Linden Blvd",
    6: "Exchange Rd",
}

SUFFIXES_ALONG: Final = (("St", "Row", "Way"), ("Way", "Ave"), ("Ave",))
SUFFIXES_ACROSS: Final = (("St", "Lane"), ("St", "Rd"), ("Blvd", "Rd"))
"""By rank: small, middle and major streets."""

DISTRICTS: Final = (
    ("Old Town", 180, -190),
    ("Harbourside", -520, -800),
    ("Linden Hill", -1500, 620),
    ("Kilnfield", -760, 1560),
    ("Weir Bank", 1480, 1240),
    ("Eastmere", 2330, 560),
    ("Saltings", 1500, -330),
    ("Westgate", -2130, -210),
    ("Northcote", 160, 2360),
)

PARKS: Final = (
    # name, first and last line across, first and last line along
    ("Mercer Park", -6, -1, 1, 5),
    ("Linden Gardens", -15, -13, 6, 9),
    ("Weir Meadow", 12, 15, 9, 12),
    ("Kiln Common", -11, -8, 15, 18),
    ("Station Green", 1, 3, 13, 15),
    ("Saltings Rise", 10, 12, -5, -3),
    ("Founders Green", -3, -1, -11, -9),
    ("Westgate Field", -20, -18, -3, 0),
    ("North Lawn", 6, 9, 19, 22),
)

SHOPS: Final = tuple(
    """
    Pharmacy,Bakery,Café,Hardware,Books,Grocer,Barber,Florist,Garage,Tailor,Deli,Cycles,Laundry,
    Fishmonger,Optician,Toys,Cinema,Bank,Filling Station,Hotel,Theatre,Parcel Shop,Gym,Bar,
    Convenience Store,Electrics,Furniture,Jeweller,Shoe Repair,Off-licence
    """.replace("\n", "")
    .replace("    ", "")
    .split(",")
)
_SURNAMES: Final = """
    Abara Achterberg Adeyemi Almqvist Amari Aoki Baptiste Barros Bekele Belov Bianchi Boateng
    Brandt Castellan Chaudhry Costa Dahl Delacroix Demir Dlamini Duarte Eriksen Fadel Falk Ferrant
    Fontaine Garrick Ghosh Haddad Halloran Hartmann Hayashi Holm Ibarra Idowu Ilves Iqbal Janssen
    Jokinen Kaplan Karlsen Keane Khoury Kimura Kovac Kruger Laine Lindqvist Lozano Mahmoud Malik
    Marchetti Mbeki Mensah Moreau Nakata Ndiaye Novak Nyberg Odhiambo Okafor Olander Ortega Osei
    Paredes Patel Petrov Quint Radic Rahman Rasmussen Reyes Rinaldi Saarinen Sabry Salgado Sato
    Schreiber Shah Sivan Sorensen Suzuki Tadesse Takeda Talvik Tanaka Tesfaye Thorne Toivonen
    Ueda Vance Varga Vasquez Virtanen Wakefield Weiss Yamada Yilmaz Zeller Zuma
"""
SURNAMES: Final = tuple(_SURNAMES.split())
