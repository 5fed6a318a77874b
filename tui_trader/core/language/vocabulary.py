"""The vocabulary as tables: every verb, clause and unit with how it is written, what it does, and an example.

Help, completion and the manual are made of these rows, so none of them can know a word that the others do not.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Word:
    """One word of the language."""

    name: str
    usage: str
    """How it is written; what is in brackets may be left out."""
    text: str
    """What it does, one sentence without its full stop."""
    example: str = ""
    """A line that reads."""
    group: str = ""


_ORDERS = "Orders"
_MANAGE = "Orders and positions that are there"
_MARKET = "Market and conditions"
_SAFETY = "What may be sent"
_ACCOUNT = "Account"
_SCREEN = "Screen and records"

VERB_TABLE: tuple[Word, ...] = (
    Word(
        "buy",
        "buy SIZE [SYMBOL] [@ PRICE] [CLAUSES]",
        "stage a buy; without a price it crosses, capped",
        "buy 0.5 @ bid",
        _ORDERS,
    ),
    Word("sell", "sell SIZE [SYMBOL] [@ PRICE] [CLAUSES]", "stage a sell", "sell $5k @ ask+3t po", _ORDERS),
    Word(
        "scale",
        "scale buy|sell SIZE [SYMBOL] in N from PRICE to PRICE [even|up|down|xN] [CLAUSES]",
        "N limit orders from one price to the other; SIZE is of all together, one stop covers what fills",
        "scale buy $20k in 8 from -0.2% to -1.5% up sl 65800",
        _ORDERS,
    ),
    Word(
        "chase",
        "chase buy|sell SIZE [SYMBOL] [max DISTANCE] [for TIME] [then market|stop]",
        "one post-only order that is moved after its touch while this terminal is up",
        "chase sell 100%p max 0.15% for 30s then market",
        _ORDERS,
    ),
    Word("close", "close [N%] [SEL] [@ PRICE]", "close a position or a part of it, reduce-only", "close 50%", _MANAGE),
    Word(
        "flat",
        "flat [SEL]",
        "cancel orders and close positions, of the symbol on the screen or of a selection",
        "flat all",
        _MANAGE,
    ),
    Word("rev", "rev [SEL]", "turn a position around: close it, then open as much on the other side", "rev", _MANAGE),
    Word("cancel", "cancel [SEL]", "cancel orders; alone the selected one", "cancel asks", _MANAGE),
    Word("move", "move SEL PRICE", "give orders another price, or move them by a distance", "move marked +5t", _MANAGE),
    Word("qty", "qty SEL NUM", "give orders another size", "qty b7 0.25", _MANAGE),
    Word("sl", "sl PRICE", "put the stop of the position somewhere: a price, a distance from its entry, or be", "sl be", _MANAGE),
    Word("tp", "tp PRICE[:N%]", "put a target of the position somewhere", "tp 2R:50%", _MANAGE),
    Word("trail", "trail DISTANCE [from PRICE]", "stage a trailing stop for the position", "trail 0.6% from 68000", _MANAGE),
    Word("be", "be [SEL]", "move stops to break-even, fees both ways and funding included", "be", _MANAGE),
    Word("protect", "protect [SEL]", "stage the stop of the template", "protect longs", _MANAGE),
    Word("watch", "watch SYMBOL...", "add symbols to the watchlist", "watch ETHUSDT SOLUSDT", _MARKET),
    Word("unwatch", "unwatch SYMBOL...", "take symbols off the watchlist", "unwatch SOLUSDT", _MARKET),
    Word(
        "alert",
        'alert COND [run "CMD"] [bell] [say] [repeat [N%]]',
        "tell once when a condition is met, or again after it was unmet by N%; run starts a program without a shell",
        "alert BTCUSDT > 68000 bell",
        _MARKET,
    ),
    Word(
        "when",
        "when COND : LINE",
        "run a line once when a condition is met, while this terminal is up",
        "when BTCUSDT mark < 66700 && day < -300 : flat all",
        _MARKET,
    ),
    Word("every", "every TIME : LINE", "run a line again and again, while this terminal is up", "every 5m : conn", _MARKET),
    Word("off", "off [NUMBER|all]", "end an alert, a condition, a repetition or a chase; alone it lists them", "off 3", _MARKET),
    Word(
        "calc",
        "calc EXPR",
        "compute exactly: + - * / ( ), numbers and names such as bid, entry, equity",
        "calc (ask-bid)/mid",
        _MARKET,
    ),
    Word(
        "size",
        "size buy|sell SIZE [SYMBOL] [CLAUSES]",
        "say how much an order would be, and stage nothing",
        "size buy r:0.5% sl 66640",
        _MARKET,
    ),
    Word("arm", "arm [TIME]", "let single keys send for a while", "arm 5m", _SAFETY),
    Word(
        "panic",
        "panic [flatten]",
        "end entries and cancel all but stops; with flatten close every position too",
        "panic",
        _SAFETY,
    ),
    Word("halt", "halt", "let out exits only; resume asks for the venue's name", "halt", _SAFETY),
    Word("ro", "ro on|off", "let out exits only, without being asked when that ends", "ro on", _SAFETY),
    Word("resume", "resume [VENUE]", "let entries out again", "resume phemex", _SAFETY),
    Word("cod", "cod [on|off]", "have the venue cancel open orders when the connection ends, stops too", "cod on", _SAFETY),
    Word("limits", "limits", "say the limits that orders are held against, and how much of them is used", "limits", _SAFETY),
    Word("override", "override unknown", "let the staged order out beside one of unknown outcome", "override unknown", _SAFETY),
    Word("reconcile", "reconcile", "ask the venue for everything again", "reconcile", _SAFETY),
    Word("lev", "lev N [iso|cross]", "change leverage and margin mode of the symbol on the screen", "lev 10 iso", _ACCOUNT),
    Word("mode", "mode hedge|oneway", "keep a long and a short leg, or one position", "mode oneway", _ACCOUNT),
    Word("margin", "margin +N|-N", "add margin to the isolated position, or take some away", "margin +50", _ACCOUNT),
    Word("risklimit", "risklimit N", "change how large the position may grow", "risklimit 150", _ACCOUNT),
    Word(
        "transfer",
        "transfer N CURRENCY in|out",
        "move money between wallet and trading account",
        "transfer 100 USDT in",
        _ACCOUNT,
    ),
    Word("paper", "paper [ACCOUNT]", "say how to trade on the built-in exchange instead", "paper", _ACCOUNT),
    Word("live", "live [ACCOUNT]", "say how to trade with real money instead", "live main", _ACCOUNT),
    Word("on", "on VENUE", "put an account of this venue on the screen, with the same market", "on phemex", _ACCOUNT),
    Word("acct", "acct NAME", "put the account of this name on the screen", "acct main", _ACCOUNT),
    Word("symbol", "symbol NAME", "show another contract", "symbol ETHUSDT", _SCREEN),
    Word(
        "tape",
        "tape [>SIZE|>$VALUE|all]",
        "leave smaller trades out of the tape; alone or with all it shows every one",
        "tape >0.25",
        _SCREEN,
    ),
    Word("group", "group [STEP]", "gather the levels of the ladder", "group 10", _SCREEN),
    Word("theme", "theme [NAME]", "change the colours; alone it lists them", "theme nord", _SCREEN),
    Word("layout", "layout [NAME]", "change the arrangement of panes; alone it lists them", "layout wide", _SCREEN),
    Word(
        "conn",
        "conn [VENUE|ACCOUNT]",
        "say how each connection is; with a name, give that account's connections up for new ones",
        "conn phemex",
        _SCREEN,
    ),
    Word("log", "log", "go to the log", "log", _SCREEN),
    Word("keys", "keys", "list every key", "keys", _SCREEN),
    Word("help", "help [WORD]", "explain a word, or what works here", "help chase", _SCREEN),
    Word(
        "bind",
        'bind KEY "LINE"',
        "let a key type a line; it stages, and sends nothing by itself",
        'bind f5 "buy #2 @ bid po"',
        _SCREEN,
    ),
    Word("unbind", "unbind KEY", "take a line off a key", "unbind f5", _SCREEN),
    Word("alias", 'alias NAME "LINE"', "give a line a name of its own", 'alias half "close 50%"', _SCREEN),
    Word("unalias", "unalias NAME", "forget such a name", "unalias half", _SCREEN),
    Word("note", "note TEXT", "write a note into the journal", "note chased the breakout, late", _SCREEN),
    Word(
        "export",
        "export RANGE csv|json",
        "write fills of today, yesterday, week, month, Nd or DATE to a file",
        "export today csv",
        _SCREEN,
    ),
    Word("rec", "rec start|stop", "record the market, or stop", "rec start", _SCREEN),
    Word("replay", "replay FILE [xN]", "show a recording", "replay monday.ttrec x4", _SCREEN),
    Word("quit", "quit", "leave; orders and positions stay at the venue", "quit", _SCREEN),
)
"""First words, in the order of the manual."""

CLAUSE_TABLE: tuple[Word, ...] = (
    Word("po", "po", "post-only: refused rather than taking", "buy 1 @ bid po"),
    Word("rpi", "rpi", "post-only, and met by traders by hand alone, where a venue knows that", "buy 1 @ bid rpi"),
    Word("ioc", "ioc", "immediate or cancel", "buy 1 @ 50000 ioc"),
    Word("fok", "fok", "all at once or nothing", "buy 1 @ 50000 fok"),
    Word("gtc", "gtc", "good till cancelled", "buy 1 @ 50000 gtc"),
    Word("gtd", "gtd TIME", "cancelled by this terminal after a time, while it is up", "buy 1 @ 50000 gtd 15m"),
    Word("ro", "ro", "reduce-only", "sell 1 @ 60000 ro"),
    Word("close", "close", "only closes; when it triggers others may be cancelled to make room", "sell 1 stop 49000 close"),
    Word("stop", "stop TRIG", "waits for a worse price", "buy 1 stop 51000"),
    Word("touch", "touch TRIG", "waits for a better price", "buy 1 touch 49000"),
    Word(
        "trail",
        "trail DISTANCE [from PRICE]",
        "a stop that follows: with ro the order is one, else that of what it opens, sent by this terminal as it fills",
        "buy 0.1 @ bid trail 0.6%",
    ),
    Word("sl", "sl TRIG [lim PRICE]", "the stop of what this opens", "buy 1 @ 50000 sl 49000"),
    Word("tp", "tp TRIG[:N%] [lim PRICE]", "a target; several share the order", "buy 1 @ 50000 tp +1%:50% tp +2%:50%"),
    Word("lev", "lev N", "set the leverage just before the order leaves", "buy 1 @ bid lev 10"),
    Word("iso", "iso", "isolated margin", "buy 1 @ bid lev 10 iso"),
    Word("cross", "cross", "cross margin", "buy 1 @ bid lev 10 cross"),
    Word("pos", "pos:long|short|merged", "the leg in hedged mode", "buy 1 @ bid pos:long"),
    Word("on", "on VENUE", "at this venue, staged on the screen of its account", "buy 1 @ bid on phemex"),
    Word("acct", "acct NAME", "in this account, staged on its screen", "buy 1 @ bid acct main"),
    Word("dry", "dry", "say what it would be, and send nothing", "buy 1 @ bid dry"),
)
"""Words that may follow an order's size and symbol, in any order."""

SIZE_TABLE: tuple[Word, ...] = (
    Word("base", "0.5  2k  1.5m", "base units, or contracts of an inverse contract", "buy 0.5"),
    Word("quote", "$5k  5000$", "worth so much quote currency", "buy $5k"),
    Word("equity", "10%e", "percent of equity", "buy 10%e"),
    Word("available", "25%b", "percent of the available balance", "buy 25%b"),
    Word("position", "50%p", "percent of the position: reduces it", "sell 50%p"),
    Word(
        "risk", "r:0.5%  r:50$", "so much is lost at the stop, in percent of equity or in quote currency", "buy r:0.5% sl 49000"
    ),
    Word("preset", "#1 to #5", "a size preset", "buy #3 @ bid"),
    Word("same", "$size", "as large as the position", "buy $size @ bid"),
)

REF_TABLE: tuple[Word, ...] = (
    Word("bid", "bid", "the best bid", "buy 1 @ bid-2t"),
    Word("ask", "ask", "the best ask", "sell 1 @ ask"),
    Word("mid", "mid", "halfway between them", "buy 1 @ mid"),
    Word("last", "last", "the last trade", "buy 1 @ last-0.1%"),
    Word("mark", "mark", "the mark price", "buy 1 @ mark-5bp"),
    Word("index", "index", "the index price", "buy 1 @ index"),
    Word("entry", "entry", "the position's average entry", "sell 1 @ entry ro"),
    Word("be", "be", "its break-even, fees both ways and funding included", "sell 1 @ be ro"),
    Word("liq", "liq", "its liquidation price", "sell 1 @ liq+1%"),
    Word("hi", "hi", "the highest price of 24 hours, as the venue tells it", "sell 1 @ hi"),
    Word("lo", "lo", "the lowest price of 24 hours", "buy 1 @ lo+5t"),
    Word("vwap", "vwap", "turnover by volume of 24 hours; of linear contracts", "buy 1 @ vwap-1atr"),
)

UNIT_TABLE: tuple[Word, ...] = (
    Word("", "bid-12.5", "quote currency", "buy 1 @ bid-12.5"),
    Word("t", "bid-3t", "ticks", "buy 1 @ bid-3t"),
    Word("%", "mark-0.5%", "percent of the price it starts from", "buy 1 @ mark-0.5%"),
    Word("bp", "mid+5bp", "hundredths of a percent", "buy 1 @ mid+5bp"),
    Word("atr", "bid-1.5atr", "average true ranges: of 14 bars of 5 minutes, where candles are kept", "buy 1 @ bid-1.5atr"),
)

SELECTOR_TABLE: tuple[Word, ...] = (
    Word("id", "b7", "the order with this label, or with an id that ends so (four characters or more)", "cancel b7"),
    Word("symbol", "BTCUSDT  BTC*", "everything of a symbol, or of all that fit a pattern", "cancel BTC*"),
    Word("all", "all", "everything", "cancel all"),
    Word("longs", "longs", "long positions; orders that buy", "be longs"),
    Word("shorts", "shorts", "short positions; orders that sell", "close shorts"),
    Word("marked", "marked", "what is marked on the screen", "move marked +5t"),
    Word("bids", "bids", "orders that buy", "cancel bids"),
    Word("asks", "asks", "orders that sell", "cancel asks"),
    Word("stops", "stops", "orders that wait for a trigger", "cancel stops"),
    Word("last", "last", "the newest order", "cancel last"),
)
