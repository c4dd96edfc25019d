//! Colours: one hue a lane, on light and on dark ground.

/// The classes of one lane's hue; hues repeat after eight.
pub(super) fn hue(lane: usize) -> &'static str {
    const HUES: [&str; 8] = ["ls-h0", "ls-h1", "ls-h2", "ls-h3", "ls-h4", "ls-h5", "ls-h6", "ls-h7"];
    lane.checked_rem(HUES.len()).and_then(|index| HUES.get(index)).copied().unwrap_or("ls-h0")
}

/// The style sheet. Names begin with `ls-`, since a page that holds the picture shares them.
pub(super) const CSS: &str = "
.ls-ground{fill:#fbfcfd}.ls-lane0{fill:#f1f4f8}.ls-lane1{fill:#f7f9fb}
.ls-title{font-size:17px;font-weight:600;fill:#1b1f24}
.ls-role{font-size:13px;font-weight:600}.ls-name{font-size:14px;font-weight:600;fill:#1b1f24}
.ls-line{font-size:12px;fill:#2c333b}.ls-note{font-size:11px;fill:#57606a}
.ls-card,.ls-outcome,.ls-hold,.ls-reading{fill:#ffffff;stroke-width:1}
.ls-card,.ls-outcome{stroke:#c3cad3}.ls-outcome{stroke-width:2}
.ls-hold{stroke-width:2}.ls-reading{stroke-dasharray:5 3}
.ls-edge{fill:none;stroke:#7b8591;stroke-width:1.5}.ls-dashed{stroke-dasharray:5 4}.ls-tip{fill:#7b8591}
text.ls-h0,rect.ls-stripe.ls-h0{fill:#2563c9}text.ls-h1,rect.ls-stripe.ls-h1{fill:#b4500f}
text.ls-h2,rect.ls-stripe.ls-h2{fill:#237a43}text.ls-h3,rect.ls-stripe.ls-h3{fill:#7a3fc4}
text.ls-h4,rect.ls-stripe.ls-h4{fill:#0c7a86}text.ls-h5,rect.ls-stripe.ls-h5{fill:#b02a62}
text.ls-h6,rect.ls-stripe.ls-h6{fill:#7a6114}text.ls-h7,rect.ls-stripe.ls-h7{fill:#4f5965}
rect.ls-hold.ls-h0,rect.ls-reading.ls-h0,rect.ls-outcome.ls-h0{stroke:#2563c9}
rect.ls-hold.ls-h1,rect.ls-reading.ls-h1,rect.ls-outcome.ls-h1{stroke:#b4500f}
rect.ls-hold.ls-h2,rect.ls-reading.ls-h2,rect.ls-outcome.ls-h2{stroke:#237a43}
rect.ls-hold.ls-h3,rect.ls-reading.ls-h3,rect.ls-outcome.ls-h3{stroke:#7a3fc4}
rect.ls-hold.ls-h4,rect.ls-reading.ls-h4,rect.ls-outcome.ls-h4{stroke:#0c7a86}
rect.ls-hold.ls-h5,rect.ls-reading.ls-h5,rect.ls-outcome.ls-h5{stroke:#b02a62}
rect.ls-hold.ls-h6,rect.ls-reading.ls-h6,rect.ls-outcome.ls-h6{stroke:#7a6114}
rect.ls-hold.ls-h7,rect.ls-reading.ls-h7,rect.ls-outcome.ls-h7{stroke:#4f5965}
@media (prefers-color-scheme:dark){
.ls-ground{fill:#12161c}.ls-lane0{fill:#1a2029}.ls-lane1{fill:#161b23}
.ls-title,.ls-name{fill:#eef1f5}.ls-line{fill:#d3d9e1}.ls-note{fill:#a6b0bc}
.ls-card,.ls-outcome,.ls-hold,.ls-reading{fill:#232b36}.ls-card,.ls-outcome{stroke:#46515f}
.ls-edge{stroke:#8b97a5}.ls-tip{fill:#8b97a5}
text.ls-h0,rect.ls-stripe.ls-h0{fill:#7fb0ff}text.ls-h1,rect.ls-stripe.ls-h1{fill:#f5a468}
text.ls-h2,rect.ls-stripe.ls-h2{fill:#74cf94}text.ls-h3,rect.ls-stripe.ls-h3{fill:#c3a0f5}
text.ls-h4,rect.ls-stripe.ls-h4{fill:#6fcfda}text.ls-h5,rect.ls-stripe.ls-h5{fill:#f58db5}
text.ls-h6,rect.ls-stripe.ls-h6{fill:#d9bd62}text.ls-h7,rect.ls-stripe.ls-h7{fill:#b4bfcc}
}";
