/** What the page of the alerts has besides the style of all pages. */
export const alertsPageStyle = `
.what{min-width:9rem}
.alerts>li{border-top:1px solid var(--line);padding:.55rem 0}.alerts>li:first-child{border:0}.alerts p{margin:.2rem 0 0}.alerts .row>span{overflow-wrap:anywhere;min-width:0}
.alerts details{border:0;padding:.2rem 0 0}.alerts code{padding:0 .35rem}
.said li{margin-top:.35rem}
@media(max-width:860px){.hm{display:none}}
`;
