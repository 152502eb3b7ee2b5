/** What the page of the hub has besides the style of all pages. */
export const hubOverviewStyle = `
.scroll:focus-visible{outline-offset:4px}
.hf{margin-top:.4rem}.hf li{border-top:1px solid var(--line);padding:.5rem 0}.hf li:first-child{border:0}.hf p{margin:0}
#hub-streams svg.bar{display:block;width:100%;min-width:5rem;height:.5rem;margin:.3rem 0 .15rem;fill:var(--ptp)}#hub-streams svg.bar.warn{fill:var(--warn)}#hub-streams svg.bar.bad{fill:var(--bad)}
.lims{width:22%}td.lims{vertical-align:middle}
.trips{display:grid;grid-template-columns:repeat(20,minmax(0,1fr));gap:2px;align-items:end;height:7.4rem;border-bottom:1px solid var(--soft);margin-top:.7rem}
.trips a{display:flex;flex-direction:column;justify-content:flex-end;height:100%;text-decoration:none}.trips a:hover{background:var(--ground)}
.trips b{font-size:.68rem;font-weight:400;color:var(--soft);text-align:center;line-height:1.3}.trips svg{overflow:hidden}
.minutes{height:4.75rem;margin-top:.4rem}.unseen{fill:var(--line)}
.came{color:var(--link)}
#hub-links table,#hub-events .ev{margin-top:.8rem}
.lf,.narrow,.pgs{display:flex;flex-wrap:wrap;gap:.4rem .6rem;align-items:center;margin:.6rem 0}
.lf input[type=search]{flex:1 1 11rem}.lf label{font-size:.85rem;color:var(--soft)}
.nchip{border:1px solid var(--line);border-radius:1rem;padding:.05rem .7rem;font-size:.85rem;text-decoration:none;overflow-wrap:anywhere}
.pgs{justify-content:center;gap:1rem}.pgs a{color:var(--link)}
.gloss{margin-top:.5rem;font-size:.9rem;display:grid;grid-template-columns:repeat(auto-fit,minmax(min(100%,20rem),1fr));gap:.4rem 1.6rem}.gloss dt{color:var(--ink);font-weight:600}.gloss dd{text-align:left;color:var(--soft)}
#glossary details{border:0;padding:0}
#linklist thead [aria-sort] a{color:var(--ink)}#linklist [aria-sort=descending] a::after{content:" ↓"}#linklist [aria-sort=ascending] a::after{content:" ↑"}
@media(max-width:860px){.hm{display:none}:is(#hub-servers,#hub-streams,#linklist) :is(td,th){padding-right:.5rem}}
@media(max-width:600px){.trips b{display:none}:is(#hub-servers,#hub-streams) table{min-width:40rem}}
`;
