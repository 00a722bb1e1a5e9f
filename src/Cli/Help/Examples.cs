namespace Fleet.Cli.Help;

/// <summary>An example for the help of each command. A test parses them all.</summary>
public static class Examples
{
    private const string Run = "0198c0de-7a3b-7c4d-8e5f-0123456789ab";
    private const string Group = "v1:a3940f7f469fddda";

    private static readonly Dictionary<string, string[]> ByCommand = new(StringComparer.Ordinal)
    {
        ["dev"] = ["fleet dev --port 8710 --data .fleet"],
        ["status"] = ["fleet status --exit-code"],
        ["top"] = ["fleet top"],
        ["doctor"] = ["fleet doctor"],
        ["version"] = ["fleet version -o json"],
        ["run enqueue"] =
        [
            "fleet run enqueue hello '{\"name\":\"Ada\"}' --delay 5m",
            "fleet run enqueue report.daily --wait --timeout 10m",
        ],
        ["run get"] = [$"fleet run get {Run}"],
        ["run explain"] = [$"fleet run explain {Run}"],
        ["run list"] = ["fleet run list state:failed since:1h", "fleet run list job:report.* -o json"],
        ["run count"] = ["fleet run count job:report.* --by-state"],
        ["run logs"] = [$"fleet run logs {Run} --follow"],
        ["run watch"] = [$"fleet run watch {Run}"],
        ["run cancel"] =
        [
            $"fleet run cancel {Run} --reason 'wrong day'",
            "fleet run cancel --all-matching 'state:ready job:hello' --dry-run",
        ],
        ["run replay"] = [$"fleet run replay {Run}", "fleet run replay --all-matching 'state:failed since:1h' --rate 100"],
        ["run delete"] = [$"fleet run delete {Run}", "fleet run delete --all-matching 'job:hello until:30d' --yes"],
        ["operation list"] = ["fleet operation list --state running"],
        ["operation get"] = [$"fleet operation get {Run}"],
        ["operation watch"] = [$"fleet operation watch {Run}"],
        ["operation cancel"] = [$"fleet operation cancel {Run} --reason 'the wrong job'"],
        ["job list"] = ["fleet job list"],
        ["job get"] = ["fleet job get hello"],
        ["job schema"] = ["fleet job schema hello"],
        ["job example"] = ["fleet job example hello"],
        ["db migrate"] = ["fleet db migrate --wait 1m"],
        ["db status"] = ["fleet db status"],
        ["db script"] = ["fleet db script --provider Postgres"],
        ["broker apply"] = ["fleet broker apply --lane default --lane mail"],
        ["schedule list"] = ["fleet schedule list"],
        ["schedule get"] = ["fleet schedule get nightly"],
        ["schedule create"] = ["fleet schedule create nightly --job report.daily --cron '0 3 * * *' --zone Europe/Berlin"],
        ["schedule update"] = ["fleet schedule update nightly --cron '30 3 * * *'"],
        ["schedule next"] = ["fleet schedule next nightly", "fleet schedule next --cron '0 3 * * *' --zone Europe/Berlin --count 5"],
        ["schedule explain"] = ["fleet schedule explain nightly --at 2026-11-30T03:00:00Z"],
        ["schedule simulate"] = ["fleet schedule simulate --until 2026-12-31T00:00:00Z"],
        ["schedule diff"] = ["fleet schedule diff nightly --cron '30 3 * * *'"],
        ["schedule trigger"] = ["fleet schedule trigger nightly"],
        ["schedule backfill"] = ["fleet schedule backfill nightly --from 2026-11-01T00:00:00Z --until 2026-11-08T00:00:00Z"],
        ["schedule delete"] = ["fleet schedule delete nightly"],
        ["schedule figures"] = ["fleet schedule figures nightly"],
        ["schedule history"] = ["fleet schedule history nightly"],
        ["schedule pause"] = ["fleet schedule pause nightly --for 2h --reason 'the source is down'"],
        ["schedule resume"] = ["fleet schedule resume nightly"],
        ["schedule stop"] = ["fleet schedule stop nightly"],
        ["schedule start"] = ["fleet schedule start nightly"],
        ["calendar"] = ["fleet calendar --days 14 --zone Europe/Berlin"],
        ["key create"] =
        [
            "fleet key create ops --role admin --database", "fleet key create billing --role submitter --lane mail --expires 30d",
        ],
        ["key list"] = ["fleet key list"],
        ["key get"] = ["fleet key get abcdefgh"],
        ["key rotate"] = ["fleet key rotate abcdefgh --overlap 1d"],
        ["key revoke"] = ["fleet key revoke abcdefgh --reason 'the laptop was stolen'"],
        ["key generate"] = ["fleet key generate"],
        ["session list"] = ["fleet session list"],
        ["session end"] = ["fleet session end abcdefgh"],
        ["whoami"] = ["fleet whoami"],
        ["audit"] = ["fleet audit --action key.", "fleet audit --all -o jsonl"],
        ["lane list"] = ["fleet lane list"],
        ["lane get"] = ["fleet lane get mail"],
        ["lane pause"] = ["fleet lane pause mail --for 30m --reason 'the mail server moves'"],
        ["lane resume"] = ["fleet lane resume mail"],
        ["lane demand"] = ["fleet lane demand mail -o json"],
        ["worker list"] = ["fleet worker list"],
        ["worker get"] = [$"fleet worker get {Run}"],
        ["worker drain"] = [$"fleet worker drain {Run} --wait", "fleet worker drain --all --yes"],
        ["worker resume"] = [$"fleet worker resume {Run}"],
        ["apply"] = ["fleet apply -f schedules.yaml --prune --label team=reports"],
        ["diff"] = ["fleet diff -f schedules.yaml"],
        ["export"] = ["fleet export --label team=reports"],
        ["config list"] = ["fleet config list"],
        ["config get"] = ["fleet config get prod"],
        ["config set"] = ["fleet config set prod --server https://fleet.example.com --key-command 'pass show fleet/prod'"],
        ["config use"] = ["fleet config use prod"],
        ["config delete"] = ["fleet config delete prod"],
        ["config view"] = ["fleet config view"],
        ["completion"] = ["source <(fleet completion bash)"],
        ["help exit-codes"] = ["fleet help exit-codes"],
        ["dead list"] = ["fleet dead list since:1d"],
        ["dead get"] = [$"fleet dead get {Run}"],
        ["dead group list"] = ["fleet dead group list --job report.daily"],
        ["dead group get"] = [$"fleet dead group get {Group}"],
        ["dead replay"] = [$"fleet dead replay {Run}", $"fleet dead replay --group {Group} --rate 10"],
        ["dead edit"] = [$$"""fleet dead edit {{Run}} --patch '{"day":"2026-01-31"}'"""],
        ["dead discard"] =
            [$"fleet dead discard {Run} --reason 'sent by hand'", $"fleet dead discard --group {Group} --reason 'sent by hand'"],
        ["dead mute"] = [$"fleet dead mute {Group} --until-new-version --reason 'mended in 2.1'"],
        ["dead unmute"] = [$"fleet dead unmute {Group}"],
        ["dead export"] = ["fleet dead export job:report.daily > dead.jsonl"],
        ["dead import"] = ["fleet dead import dead.jsonl --dry-run"],
        ["view list"] = ["fleet view list"],
        ["view get"] = ["fleet view get broken"],
        ["view save"] = ["fleet view save broken state:failed since:1d --show id,job,error"],
        ["view delete"] = ["fleet view delete broken"],
    };

    /// <summary>The examples of a command; none for a group.</summary>
    /// <param name="command">Its full name, such as <c>run list</c>.</param>
    public static IReadOnlyList<string> Of(string command) => ByCommand.GetValueOrDefault(command) ?? [];

    /// <summary>The commands that have one.</summary>
    public static IEnumerable<string> Commands => ByCommand.Keys;
}
