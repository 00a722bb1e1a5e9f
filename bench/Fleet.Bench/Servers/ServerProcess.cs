using System.Diagnostics;

namespace Fleet.Bench.Servers;

/// <summary>A process of the bench's own, with its output in a file; ended by its id.</summary>
internal sealed class ServerProcess : IAsyncDisposable
{
    private readonly Process _process;
    private readonly Task _copying;
    private readonly string _log;
    private readonly string _stopSignal;

    private ServerProcess(Process process, string log, string stopSignal)
    {
        _stopSignal = stopSignal;
        _process = process;
        _log = log;
        _copying = CopyAsync();
    }

    public int Id => _process.Id;

    /// <summary>Starts a program.</summary>
    /// <param name="command">The program and its arguments.</param>
    /// <param name="log">Where its output goes.</param>
    /// <param name="environment">Added to that of the bench.</param>
    /// <param name="folder">Where it runs.</param>
    /// <param name="stopSignal">What ends it in order.</param>
    public static ServerProcess Start(
        string[] command, string log, string folder, IReadOnlyDictionary<string, string>? environment = null, string stopSignal = "TERM") =>
        new(Launch(command, folder, environment), log, stopSignal);

    /// <summary>Runs a program to its end.</summary>
    /// <returns>What it wrote on stdout.</returns>
    /// <exception cref="InvalidOperationException">It failed.</exception>
    public static async Task<string> RunAsync(params string[] command)
    {
        using var process = Launch(command, Path.GetTempPath(), null);
        process.StandardInput.Close();
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        await process.WaitForExitAsync().WaitAsync(TimeSpan.FromMinutes(2), TimeProvider.System);
        return process.ExitCode == 0
            ? (await output).Trim()
            : throw new InvalidOperationException($"{string.Join(' ', command)} ended with {process.ExitCode}: {await error}");
    }

    /// <summary>Asks until the server is there.</summary>
    /// <exception cref="InvalidOperationException">It ended, or it took longer than a minute.</exception>
    public async Task UntilAsync(Func<Task<bool>> isReady)
    {
        for (var i = 0; i < 1200; i++)
        {
            if (_process.HasExited)
                break;
            if (await isReady())
                return;
            await Task.Delay(TimeSpan.FromMilliseconds(50), TimeProvider.System);
        }

        throw new InvalidOperationException($"{_process.StartInfo.FileName} did not start; see {_log}:\n{await ReadLogAsync()}");
    }

    public static Process Launch(string[] command, string folder, IReadOnlyDictionary<string, string>? environment)
    {
        var start = new ProcessStartInfo(command[0], command[1..])
        {
            RedirectStandardInput = true,
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            UseShellExecute = false,
            WorkingDirectory = folder,
        };
        foreach (var (name, value) in environment ?? new Dictionary<string, string>())
            start.Environment[name] = value;
        return Process.Start(start)!;
    }

    /// <summary>Ends a process in order; after ten seconds, in disorder.</summary>
    public static async Task EndAsync(Process process, string signal = "TERM")
    {
        if (!process.HasExited)
        {
            using (var kill = Process.Start("kill", [$"-{signal}", $"{process.Id}"]))
                await kill.WaitForExitAsync();
            try
            {
                await process.WaitForExitAsync().WaitAsync(TimeSpan.FromSeconds(10), TimeProvider.System);
            }
            catch (TimeoutException)
            {
                process.Kill(entireProcessTree: true);
                await process.WaitForExitAsync();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        await EndAsync(_process, _stopSignal);
        await _copying;
        _process.Dispose();
    }

    private async Task CopyAsync()
    {
        // Others read it meanwhile: what a server says as it fails to start, and how often it refused.
        await using var file = new FileStream(_log, FileMode.Create, FileAccess.Write, FileShare.ReadWrite);
        var writer = TextWriter.Synchronized(new StreamWriter(file) { AutoFlush = true });
        await Task.WhenAll(LinesAsync(_process.StandardOutput, writer), LinesAsync(_process.StandardError, writer));
    }

    private static async Task LinesAsync(StreamReader from, TextWriter to)
    {
        while (await from.ReadLineAsync() is { } line)
            await to.WriteLineAsync(line);
    }

    private async Task<string> ReadLogAsync()
    {
        using var reader = new StreamReader(new FileStream(_log, FileMode.Open, FileAccess.Read, FileShare.ReadWrite));
        return await reader.ReadToEndAsync();
    }
}
