/// The page's looks: light and dark, wide and narrow, on paper.
enum Stylesheet {
    static let text = """
        :root { --paper: #ffffff; --ink: #1b1f24; --soft: #57606a; --faint: #8c959f; --grid: #e7eaee; --axis: #57606a;
          --panel: #f6f8fa; --edge: #d0d7de; --accent: #0b5cad; --warn: #fff4e0; --warn-edge: #d98a00; --hot: 11, 92, 173;
          --line1: #0072b2; --line2: #d55e00; --line3: #009e73; --line4: #a0417f; --line5: #b37700; --line6: #4a4a9c; }
        @media (prefers-color-scheme: dark) { :root { --paper: #0f1318; --ink: #e6edf3; --soft: #a3adb8; --faint: #76818c;
          --grid: #262d35; --axis: #8b949e; --panel: #171c23; --edge: #343c46; --accent: #6cb6ff; --warn: #2b2212;
          --warn-edge: #d9a13b; --hot: 84, 160, 232; --line1: #56b4e9; --line2: #ff8a3d; --line3: #3ccf9f;
          --line4: #e39bc7; --line5: #f0c040; --line6: #a7a7f5; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--paper); color: var(--ink);
          font: 16px/1.5 system-ui, -apple-system, "Segoe UI", "DejaVu Sans", Roboto, Helvetica, Arial, sans-serif; }
        main { max-width: 1180px; margin: 0 auto; padding: 24px 20px 48px; }
        h1 { font-size: 1.8rem; line-height: 1.2; margin: 0 0 4px; }
        h2 { font-size: 1.3rem; margin: 44px 0 8px; padding-top: 12px; border-top: 1px solid var(--edge); }
        h3 { font-size: 1.05rem; margin: 26px 0 8px; }
        p, ul { max-width: 78ch; }
        .lead { color: var(--soft); margin: 0 0 14px; }
        .notice { border: 2px solid var(--warn-edge); background: var(--warn); border-radius: 6px; padding: 8px 14px;
          font-weight: 600; margin: 14px 0; max-width: none; }
        .warnings { border-left: 4px solid var(--warn-edge); background: var(--warn); padding: 10px 14px 10px 32px;
          margin: 14px 0; max-width: none; }
        .warnings li { margin: 4px 0; }
        nav { margin: 16px 0; line-height: 2; }
        nav a { margin-right: 14px; white-space: nowrap; }
        a { color: var(--accent); }
        .cards { display: grid; grid-template-columns: repeat(auto-fit, minmax(210px, 1fr)); gap: 12px; margin: 18px 0; }
        .card { background: var(--panel); border: 1px solid var(--edge); border-radius: 8px; padding: 12px 14px; }
        .card b { display: block; font-size: 1.7rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
        .card span { display: block; color: var(--soft); font-size: .88rem; }
        .card .what { color: var(--ink); font-weight: 600; font-size: .95rem; }
        .scroll { overflow-x: auto; margin: 12px 0 18px; }
        .scroll:focus-visible { outline: 2px solid var(--accent); }
        table { border-collapse: collapse; font-size: .88rem; font-variant-numeric: tabular-nums; min-width: 50%; }
        .caption { color: var(--soft); font-size: .88rem; margin: 14px 0 2px; max-width: 100ch; }
        .caption + .scroll { margin-top: 4px; }
        th, td { padding: 6px 10px; text-align: right; border-bottom: 1px solid var(--edge); vertical-align: top; }
        thead th { border-bottom: 2px solid var(--axis); vertical-align: bottom; }
        th[scope=row], thead th:first-child { text-align: left; font-weight: 600; }
        th[scope=row] { min-width: 7.5rem; } .matrix th[scope=row] { min-width: 0; }
        td.left, th.left { text-align: left; }
        small, .small { font-size: .82rem; color: var(--soft); font-weight: 400; }
        td small, th small { display: block; white-space: nowrap; font-size: .9em; }
        .plots { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 330px), 1fr)); gap: 18px 24px;
          align-items: start; margin: 14px 0; }
        figure { margin: 0; break-inside: avoid; }
        figcaption { font-weight: 600; font-size: .92rem; margin-bottom: 4px; }
        .plot { width: 100%; max-width: 430px; height: auto; display: block; font-family: inherit; }
        .legend { list-style: none; margin: 4px 0 0; padding: 0; font-size: .84rem; }
        .legend li { display: flex; gap: 8px; align-items: baseline; margin: 2px 0; }
        .key { width: 28px; height: 14px; flex: none; align-self: center; }
        .matrices { display: flex; flex-wrap: wrap; gap: 18px 32px; margin: 14px 0; }
        .matrix table { min-width: 0; }
        .matrix td { text-align: center; min-width: 62px; border: 1px solid var(--edge); }
        .matrix th { border: none; }
        .matrix td.right { outline: 2px solid var(--axis); outline-offset: -2px; font-weight: 700; }
        .cases { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 300px), 1fr)); gap: 16px; }
        .cases + .cases, .keep + .cases { margin-top: 16px; }
        .cases img { width: 100%; height: auto; display: block; image-rendering: auto; border-radius: 4px; background: #000; }
        .cases figcaption { font-weight: 400; font-size: .84rem; margin-top: 5px; }
        .best { color: var(--line3); font-weight: 700; } .worst { color: var(--line2); font-weight: 700; }
        footer { margin-top: 48px; padding-top: 12px; border-top: 1px solid var(--edge); color: var(--soft); font-size: .88rem; }
        code { font-family: ui-monospace, "DejaVu Sans Mono", Menlo, Consolas, monospace; font-size: .86em; overflow-wrap: anywhere; }
        @media (max-width: 520px) { main { padding: 16px 14px 36px; } h1 { font-size: 1.45rem; }
          th, td { padding: 5px 7px; } }
        @media print { :root { --paper: #fff; --ink: #000; --soft: #333; --faint: #777; --grid: #e4e4e4; --axis: #444;
          --panel: #fff; --edge: #bbb; --accent: #000; --warn: #fff; --hot: 11, 92, 173; --line1: #0072b2; --line2: #c04f00;
          --line3: #00795a; --line4: #8a2f6b; --line5: #8a5c00; --line6: #3a3a8c; }
          * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
          @page { size: A4; margin: 14mm; }
          body { font-size: 10pt; } main { max-width: none; padding: 0; } nav { display: none; }
          .scroll { overflow: visible; } table { font-size: 7.8pt; } th, td { padding: 3px 5px; } h2 { margin-top: 22px; }
          h2, h3, figcaption, .caption, h2 + p, h3 + p { break-after: avoid; }
          th[scope=row] { min-width: 0; } .caption { font-size: 8pt; } .legend, .small, .cases figcaption { font-size: 8pt; } tr, .card, figure, .matrix { break-inside: avoid; }
          .plots { grid-template-columns: repeat(2, 1fr); } .plot { max-width: 84mm; }
          .cases { grid-template-columns: repeat(3, 1fr); } .keep { break-inside: avoid; }
          .cards { grid-template-columns: repeat(4, 1fr); } .card b { font-size: 1.3rem; } }
        """
}
