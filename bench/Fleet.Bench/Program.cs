using System.Globalization;
using System.Runtime.InteropServices;
using Fleet.Bench;
using Fleet.Bench.Servers;

// Compares Fleet with its floors and its peers: starts servers, then rounds in which every contender has one turn.
CultureInfo.DefaultThreadCurrentCulture = CultureInfo.CurrentCulture = CultureInfo.InvariantCulture;
if (!OperatingSystem.IsLinux())
{
    await Console.Error.WriteLineAsync("The comparison reads /proc and shares CLOCK_MONOTONIC between processes: it needs Linux.");
    return 2;
}

BenchOptions options;
try
{
    options = BenchOptions.Parse(args);
}
catch (InvalidOperationException e)
{
    await Console.Error.WriteLineAsync(e.Message);
    return 2;
}

using var stop = new CancellationTokenSource();
void Stop(PosixSignalContext signal)
{
    signal.Cancel = true;
    stop.Cancel();
}

using var onInterrupt = PosixSignalRegistration.Create(PosixSignal.SIGINT, Stop);
using var onTerminate = PosixSignalRegistration.Create(PosixSignal.SIGTERM, Stop);

var folder = Directory.CreateTempSubdirectory("fleet-bench").FullName;
// The servers run as users of their own and have to reach their folders in it.
File.SetUnixFileMode(folder, (UnixFileMode)0b111_101_101);
var servers = new Dictionary<string, IServer>(StringComparer.Ordinal);
bool isComplete;
try
{
    isComplete = options.SoakMinutes is null ? await CompareAsync() : await SoakAsync();
}
finally
{
    foreach (var server in servers.Values)
        await server.DisposeAsync();
}

if (!isComplete)
{
    await Console.Error.WriteLineAsync($"Not all of it was measured; logs are in {folder}.");
    return 1;
}

if (options.KeepsLogs)
    await Console.Error.WriteLineAsync($"Logs and data are in {folder}.");
else
    Directory.Delete(folder, recursive: true);
return 0;

async Task<bool> CompareAsync()
{
    var results = new Results(options.Scale);
    for (var round = 1; round <= options.Scale.Rounds && !stop.IsCancellationRequested; round++)
    {
        foreach (var contender in options.Only.TakeWhile(_ => !stop.IsCancellationRequested))
        {
            if (options.Compares(contender))
                await TakeTurnAsync(
                    contender, contender.Servers, results, $"round {round} of {options.Scale.Rounds}", turn => turn.RunAsync(stop.Token));
            var ways = options.WaysOf(contender);
            if (ways.Count > 0)
            {
                await TakeTurnAsync(
                    contender, contender.WayServers ?? contender.Servers, results,
                    $"round {round} of {options.Scale.Rounds}, {string.Join(", ", ways.Select(way => way.Name))}", turn =>
                        turn.RunWaysAsync(ways, stop.Token));
            }
        }
    }

    foreach (var server in servers.Values.Where(s => s.Version.Length > 0))
        results.Versions[server.Name] = server.Version;
    Console.WriteLine(Tables.Write(results));
    if (options.Json is not null)
        await results.WriteAsync(options.Json);
    return !results.HasErrors && !stop.IsCancellationRequested;
}

async Task<bool> SoakAsync()
{
    try
    {
        await Soak.RunAsync(await MakeTurnAsync(Contenders.Fleet, Contenders.Fleet.Servers), options, stop.Token);
        return true;
    }
    catch (Exception e)
    {
        await Console.Error.WriteLineAsync(stop.IsCancellationRequested ? "interrupted" : $"fleet failed: {e.Message}");
        return false;
    }
}

async Task TakeTurnAsync(Contender contender, string[] needed, Results results, string what, Func<Turn, Task> run)
{
    if (stop.IsCancellationRequested)
        return;
    await Console.Error.WriteLineAsync($"{TimeProvider.System.GetLocalNow():HH:mm:ss} {what}: {contender.Name}");
    var result = results.For(contender);
    try
    {
        var turn = await MakeTurnAsync(contender, needed);
        try
        {
            await run(turn);
        }
        finally
        {
            // What was measured before something failed is worth something too.
            result.Add(turn);
            result.Errors.AddRange(turn.Errors);
            foreach (var (package, version) in turn.Versions)
                results.Versions[package] = version;
        }
    }
    catch (Exception e) when (e is not OperationCanceledException || !stop.IsCancellationRequested)
    {
        await Console.Error.WriteLineAsync($"{contender.Name} failed: {e.Message}");
        result.Errors.Add(e.Message);
    }
    catch (OperationCanceledException)
    {
        result.Errors.Add("interrupted");
    }
}

async Task<Turn> MakeTurnAsync(Contender contender, string[] names)
{
    var needed = new List<IServer>();
    foreach (var name in names)
    {
        if (!servers.TryGetValue(name, out var server))
        {
            servers[name] = server = Contenders.Make(name);
            await server.StartAsync(folder);
        }

        needed.Add(server);
    }

    return new Turn(contender, options.Scale, needed, folder);
}
