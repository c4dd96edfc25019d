//! The page's style sheet: light and dark, desktop and phone. Names do not begin with `ls-`, as those of
//! drawings do.

/// The style sheet.
pub const PAGE: &str = "
:root{color-scheme:light dark;--ground:#f6f7f9;--card:#ffffff;--ink:#15191e;--soft:#56606c;--line:#dfe4ea;
--accent:#1f5fbf;--good:#14703a;--good-ground:#e7f5ec;--bad:#a61b29;--bad-ground:#fdecee;--open:#8a5a00;
--open-ground:#fff5df;--bar:#9dbcec;--mono:ui-monospace,'SF Mono','DejaVu Sans Mono',monospace}
@media (prefers-color-scheme:dark){:root{--ground:#0e1116;--card:#171c23;--ink:#edf1f5;--soft:#a3aebb;
--line:#2a323d;
--accent:#84b1ff;--good:#7bd79d;--good-ground:#12291c;--bad:#ff9aa5;--bad-ground:#321519;--open:#f2c46b;
--open-ground:#2d230f;--bar:#3a5b8f}}
*{box-sizing:border-box}
body{margin:0;background:var(--ground);color:var(--ink);
font:16px/1.55 system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif;
overflow-wrap:anywhere}
header,main,footer{max-width:1080px;margin:0 auto;padding:0 24px}
header{padding-top:48px}
.kicker{margin:0;color:var(--accent);font-size:13px;font-weight:600;letter-spacing:.08em;
text-transform:uppercase}
h1{margin:6px 0 22px;font-size:34px;line-height:1.18;letter-spacing:-.015em;font-weight:680}
h2{margin:0 0 8px;font-size:23px;line-height:1.25;letter-spacing:-.01em}
h3{margin:0;font-size:17px;line-height:1.3}
p{margin:0 0 10px}
.lead{max-width:72ch;color:var(--soft);margin-bottom:18px}
.mono,code{font-family:var(--mono);font-size:.87em}
section{margin:44px 0 0}
.verdict{display:flex;gap:18px;align-items:center;padding:18px 22px;border-radius:14px;margin-bottom:14px}
.verdict p{margin:0}.verdict .word{font-size:21px;font-weight:680}
.verdict .mark{flex:none;width:46px;height:46px;border-radius:50%;display:grid;place-items:center;
font-size:25px;font-weight:700;
color:var(--card)}
.good{background:var(--good-ground)}.good .word{color:var(--good)}.good .mark{background:var(--good)}
.bad{background:var(--bad-ground)}.bad .word{color:var(--bad)}.bad .mark{background:var(--bad)}
.open{background:var(--open-ground)}.open .word{color:var(--open)}.open .mark{background:var(--open)}
.bad-text{color:var(--bad)}
.warning{background:var(--open-ground);color:var(--open);padding:11px 16px;border-radius:10px;font-size:15px}
.facts{display:grid;grid-template-columns:repeat(4,1fr);gap:14px 24px;margin:22px 0 0;padding:20px 22px;
background:var(--card);
border:1px solid var(--line);border-radius:14px}
.facts div{min-width:0}.facts .wide{grid-column:span 2}
dt{color:var(--soft);font-size:13px}dd{margin:0;font-size:15px}
.drawing{overflow-x:auto;border:1px solid var(--line);border-radius:14px;background:var(--card);padding:6px}
.drawing svg{display:block;min-width:880px;width:100%;height:auto}
.steps{list-style:none;margin:0;padding:0;display:grid;gap:12px}
.step{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:16px 20px}
.step.refused{border-left:4px solid var(--bad)}
.step-head{display:grid;grid-template-columns:minmax(150px,300px) minmax(150px,1fr) auto;gap:4px 20px;
align-items:baseline}
.step-head p{margin:0}.step-head h3{font-weight:500}.tag{margin-left:10px;padding:1px 8px;border-radius:6px;
background:var(--ground);border:1px solid var(--line);color:var(--soft);font:500 12.5px/1.6 var(--mono)}
.at{font-variant-numeric:tabular-nums;font-size:14px}
.strip{display:block;width:100%;height:14px;margin:10px 0 6px}
.strip-ground{fill:var(--line)}.strip-bar{fill:var(--bar)}.strip-at{fill:var(--accent)}
.bounds{color:var(--soft);font-size:13.5px;font-variant-numeric:tabular-nums}
.claims{display:grid;grid-template-columns:repeat(auto-fill,minmax(230px,1fr));gap:8px 22px;
margin:6px 0 12px;padding-top:12px;
border-top:1px solid var(--line)}
.claims dd{font-size:14.5px}
.small{margin:0;color:var(--soft);font-size:13px}
.rests{margin:0 0 12px;padding-left:20px}.rests li{margin:5px 0}
.refusals{display:grid;grid-template-columns:repeat(2,1fr);gap:12px}
.refusal{background:var(--card);border:1px solid var(--line);border-radius:14px;padding:16px 18px}
.refusal h3{margin-bottom:6px}.refusal p{font-size:14.5px;margin-bottom:7px}
.surprise{border:2px solid var(--bad)}
.reason{color:var(--ink)}.code{display:inline-block;background:var(--bad-ground);color:var(--bad);
border-radius:6px;padding:0 7px;
font:600 12.5px/1.7 var(--mono)}
.receipt{color:var(--soft);font-size:13px!important;margin:0!important}
.scroll{overflow-x:auto;border:1px solid var(--line);border-radius:14px;background:var(--card)}
table{border-collapse:collapse;width:100%;min-width:640px;font-size:15px;overflow-wrap:normal}
.parts{min-width:860px}
th,td{text-align:left;vertical-align:top;padding:11px 16px;border-bottom:1px solid var(--line)}
tbody tr:last-child>*{border-bottom:0}
thead th{color:var(--soft);font-size:13px;font-weight:600}tbody th{font-weight:600;min-width:170px}
td:nth-child(2){min-width:150px;font-variant-numeric:tabular-nums}td:nth-child(3){color:var(--soft);
min-width:280px}
.parts td:nth-child(3){color:var(--ink);min-width:170px}.parts td:nth-child(2){min-width:210px}
details{margin-top:18px}summary{cursor:pointer;color:var(--accent);font-weight:600}
.plain{list-style:none;padding:0}.plain li{margin:8px 0}
footer{margin-top:52px;padding-bottom:60px;color:var(--soft);font-size:14px}
pre{background:var(--card);border:1px solid var(--line);border-radius:10px;padding:12px 16px;overflow-x:auto;
color:var(--ink)}
@media (max-width:760px){header,main,footer{padding-left:16px;padding-right:16px}header{padding-top:28px}
h1{font-size:26px}
.facts{grid-template-columns:1fr 1fr;padding:16px}.refusals{grid-template-columns:1fr}.step{padding:14px 15px}
.step-head{grid-template-columns:1fr}.verdict{padding:15px 16px;align-items:flex-start}
section{margin-top:36px}
.claims{grid-template-columns:1fr}}
@media (max-width:420px){.facts{grid-template-columns:1fr}.facts .wide{grid-column:auto}}
@media print{body{background:#fff}.step,.refusal{break-inside:avoid}}
";
