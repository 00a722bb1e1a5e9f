using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Workers;

/// <summary><c>fleet worker list</c>.</summary>
public static class ListWorkers
{
    private static readonly Listing<WorkerView> Listing = new(worker => worker.Id)
    {
        { "ID", worker => worker.Id, ColumnKind.Id },
        { "NAME", worker => worker.Name },
        { "STATE", worker => worker.State, ColumnKind.State },
        { "BUSY", worker => $"{worker.Running}/{worker.Lanes.Values.Sum()}" },
        { "LANES", worker => LanesOf(worker.Lanes) },
        { "VERSION", worker => worker.Version },
        { "HEARTBEAT", worker => worker.HeartbeatAt },
        { "REASON", Reason },
        { "PROGRAM", worker => worker.Program, ColumnKind.Text, true },
        { "MACHINE", worker => worker.Machine, ColumnKind.Text, true },
        { "PID", worker => worker.ProcessId.ToString(CultureInfo.InvariantCulture), ColumnKind.Text, true },
        { "STARTED", worker => worker.StartedAt, true },
    };

    /// <summary>Makes the command.</summary>
    public static Command Command(CommandContext cli)
    {
        var gone = new Option<bool>("--all") { Description = "Show those that are gone, too." };
        var command = new Command("list", "List workers with their state, lanes and busy slots.") { gone, cli.ColumnsOption };
        command.SetAction(async (parsed, ct) =>
        {
            var output = cli.Output(parsed, Listing);
            using var api = cli.Connect(parsed);
            var page = await api.GetAsync("workers", ct);
            var items = api.Items(page);
            var shown = api.Read(page, ApiJson.Default.Workers).Items.Index()
                .Where(w => parsed.GetValue(gone) || w.Item.State != "gone").ToList();
            var json = JsonSerializer.SerializeToElement(
                shown.Select(w => items[w.Index]), ApiJson.Default.IEnumerableJsonElement);
            output.Print(json, [.. shown.Select(w => w.Item)], "No workers.");
        });
        return command;
    }

    /// <summary>Lanes with their slots, such as <c>default=64 mail=8</c>.</summary>
    public static string LanesOf(IReadOnlyDictionary<string, int> lanes) =>
        string.Join(' ', lanes.OrderBy(l => l.Key, StringComparer.Ordinal).Select(l => $"{l.Key}={l.Value}"));

    private static string Reason(WorkerView worker) => worker.DrainSince is null
        ? ""
        : string.Join(", ", new[] { worker.DrainReason ?? "", $"by {worker.DrainBy}" }.Where(part => part.Length > 0));
}
