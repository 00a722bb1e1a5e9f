using System.CommandLine;
using System.Text.Json;
using Fleet.Cli.Connection;
using Fleet.Cli.Printing;
using Fleet.Client;

namespace Fleet.Cli.Status;

/// <summary><c>fleet top</c>: what the fleet is doing, live. Into a pipe it prints a line for each change of the figures.</summary>
public static class TopCommand
{
    private const string ClearBelow = "\u001B[J";
    private const string ClearLine = "\u001B[K";
    private const string EnterScreen = "\u001B[?1049h\u001B[?25l";
    private const string Home = "\u001B[H";
    private const string LeaveScreen = "\u001B[?25h\u001B[?1049l";

    private static readonly TimeSpan BetweenKeys = TimeSpan.FromMilliseconds(100);

    public static Command Command(CommandContext cli)
    {
        var count = NumberOption.Make("--count", 1, 1_000_000, "End after so many figures. Default: when it is stopped.", "N");
        var command = new Command("top", "Show what the fleet is doing, live.") { count };
        command.SetAction(async (parsed, ct) =>
        {
            using var api = cli.Connect(parsed);
            var output = cli.Output(parsed);
            if (output.Format is OutputFormat.Yaml or OutputFormat.Name)
                throw new UsageException("-o: top prints table, tsv, json or jsonl.");
            // Fails here if nobody answers.
            var first = api.Read(await api.GetAsync("figures", ct), ApiJson.Default.LiveFiguresView);
            if (output.Terminal.IsTerminal && output.Format == OutputFormat.Table && !Console.IsInputRedirected)
                await ShowAsync(api, first, output.Terminal, cli.Time, ct);
            else
                await PrintAsync(api, output, parsed.GetValue(count), ct);
        });
        return command;
    }

    private static async Task PrintAsync(FleetApi api, Output output, int? count, CancellationToken ct)
    {
        var printed = new ItemStream(output);
        var left = count ?? int.MaxValue;
        await foreach (var happened in api.ListenAsync(ct))
        {
            if (happened is ConnectionLostEvent lost)
                Output.Remark($"{lost.Reason} Connecting again.");
            if (happened is not FiguresEvent { Figures: var figures })
                continue;
            printed.Add(JsonSerializer.SerializeToElement(figures, ApiJson.Default.LiveFiguresView), "", () => LineOf(figures));
            if (--left == 0)
                break;
        }

        printed.Finish();
    }

    /// <summary>Tab-separated: when, ready, running, slots, scheduled, failed, number of findings, the first finding.</summary>
    private static string LineOf(LiveFiguresView figures) => string.Join(
        '\t', Times.Instant(figures.At), figures.Ready.Value, figures.Running.Value, figures.Slots, figures.Scheduled.Value,
        figures.Failed.Value, figures.Findings.Count, figures.Findings is [var worst, ..] ? Plain.Line(worst.Sentence) : "");

    private static async Task ShowAsync(
        FleetApi api, LiveFiguresView figures, Terminal terminal, TimeProvider time, CancellationToken ct)
    {
        using var quit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        var view = new View(figures);
        var listening = ListenAsync(api, view, quit.Token);
        var (shown, width, height) = ((string?)null, (int?)null, 0);
        Console.Out.Write(EnterScreen);
        try
        {
            while (!quit.IsCancellationRequested)
            {
                while (Console.KeyAvailable)
                {
                    switch (char.ToLowerInvariant(Console.ReadKey(intercept: true).KeyChar))
                    {
                        case 'q':
                            await quit.CancelAsync();
                            break;
                        case 's':
                            view.Order = StatusScreen.Next(view.Order);
                            break;
                        case 'p':
                            view.IsPaused = !view.IsPaused;
                            break;
                    }
                }

                var size = Terminal.Detect("never");
                var lines = StatusScreen.Top(
                    view.Figures, view.Lost, view.Order, view.IsPaused, terminal with { Width = size.Width }, Console.WindowHeight - 1,
                    time.GetUtcNow());
                var screen = Home + string.Join(ClearLine + "\n", lines) + ClearLine + ClearBelow;
                // A screen that is written again flickers, and costs a slow line what it does not have. After a change of the size the
                // terminal may have moved the text.
                if (screen != shown || size.Width != width || Console.WindowHeight != height)
                    Console.Out.Write(shown = screen);
                (width, height) = (size.Width, Console.WindowHeight);
                await Task.WhenAny(listening, Task.Delay(BetweenKeys, time, quit.Token));
                if (listening.IsFaulted)
                    await listening;
            }
        }
        finally
        {
            Console.Out.Write(LeaveScreen);
        }

        ct.ThrowIfCancellationRequested();
    }

    private static async Task ListenAsync(FleetApi api, View view, CancellationToken ct)
    {
        try
        {
            await foreach (var happened in api.ListenAsync(ct))
            {
                view.Lost = (happened as ConnectionLostEvent)?.Reason;
                if (happened is FiguresEvent { Figures: var figures } && !view.IsPaused)
                    view.Figures = figures;
            }
        }
        catch (OperationCanceledException)
        {
            // The way it ends.
        }
    }

    private sealed class View(LiveFiguresView figures)
    {
        public LiveFiguresView Figures { get; set; } = figures;

        public string? Lost { get; set; }

        public LaneOrder Order { get; set; }

        public bool IsPaused { get; set; }
    }
}
