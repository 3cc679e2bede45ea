"""Strings that have broken programs before; each is one that a person could send."""

NAUGHTY = (
    "undefined", "NULL", "None", "true", "NaN", "1/0", "0x0", "1E2", "-1", "--", "#",
    "=1+1", "+1+1", "-2+3", "@SUM(A1)", '=HYPERLINK("http://x.example","x")',
    "=cmd|'/C calc'!A0", "'=1+1", "''@x", "\uff1d1+1", "\uff0b1", "\uff20x",
    "a;=1+1", "a\t=1+1", 'a",=1+1', "a\n=1+1", "a\r@x",
    '"', '""', '"""', "'", "`", ",", ";", "\\", '\\"', "/", "../../etc/passwd", "C:\\x",
    "<script>alert(1)</script>", "<!--", "&lt;", "]]>", "<?xml?>", "${7*7}", "{{7*7}}", "#{x}",
    "'; DROP TABLE lines; --", "1' OR '1'='1", "$1", "%s", "%n%n", "{0}", "\\N", "\\.",
    "+ADw-script+AD4-", "%00", "%0d%0aSet-Cookie: x", "\\u0000",
    "\u0001\u0002\u0007\u001b[31m", "\x7f", "\u0085x", "\u2028x", "\ufeffx", "x\u200bx",
    "\u202eevil", "\u2066x\u2069", "\u00e9", "e\u0301", "\u1e9b\u0323", "\u212b", "\u0130\u0131",
    "\u5927\u5e73", "\u0645\u0631\u062d\u0628\u0627", "\u05e9\u05dc\u05d5\u05dd", "\u0928\u092e\u0938\u094d",
    "\U0001f468\u200d\U0001f469\u200d\U0001f467", "\U0001f1fa\U0001f1f8", "\U00020000", "\U0010ffff",
    "Z\u0351\u036b\u0343\u036a\u0302A\u034e\u0321\u033a", "\ufffd", "\ufffe", "\ue000",
    "x" * 200, "\U0001f937" * 200,
)  # fmt: skip
