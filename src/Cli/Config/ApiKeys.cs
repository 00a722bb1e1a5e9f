using System.Diagnostics;
using Fleet.Cli.Printing;

namespace Fleet.Cli.Config;

/// <summary>Reads an API key from where nobody sees it: never from the command line, which every user of the machine can list.</summary>
internal static class ApiKeys
{
    // A token of an OIDC provider may have hundreds of groups. A server takes headers of 32 KiB.
    private const int MaxLength = 16 * 1024;

    private static readonly TimeSpan CommandTime = TimeSpan.FromSeconds(30);

    /// <summary>The first line of a file; <c>-</c> is standard input.</summary>
    public static async Task<string> ReadFileAsync(string file, CancellationToken ct)
    {
        try
        {
            using var reader = file == "-" ? Console.In : new StreamReader(file);
            return Check(await reader.ReadLineAsync(ct), $"--key-file {file}");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UsageException($"--key-file: {e.Message}");
        }
    }

    /// <summary>The first line that a command of a shell prints.</summary>
    public static async Task<string> AskCommandAsync(string command, CancellationToken ct)
    {
        string[] shell = OperatingSystem.IsWindows() ? ["cmd", "/c", command] : ["/bin/sh", "-c", command];
        // It may ask for a password: it keeps the terminal.
        using var process = Process.Start(new ProcessStartInfo(shell[0], shell[1..])
        {
            RedirectStandardOutput = true,
            UseShellExecute = false,
        })!;
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(ct);
        limit.CancelAfter(CommandTime);
        try
        {
            var line = await process.StandardOutput.ReadLineAsync(limit.Token);
            await process.WaitForExitAsync(limit.Token);
            return process.ExitCode == 0
                ? Check(line, "the key command")
                : throw new CommandFailedException($"The key command ended with {process.ExitCode}: {Plain.Line(command)}", ExitCode.Auth);
        }
        catch (OperationCanceledException) when (!ct.IsCancellationRequested)
        {
            process.Kill(entireProcessTree: true);
            throw new CommandFailedException(
                $"The key command did not end within {CommandTime.TotalSeconds:0} s: {Plain.Line(command)}", ExitCode.Auth);
        }
    }

    /// <summary>A key goes into a header: it has no spaces and no line breaks.</summary>
    public static string Check(string? key, string from)
    {
        var trimmed = key?.Trim();
        return trimmed is { Length: > 0 and <= MaxLength } && trimmed.All(c => c is > ' ' and <= '~')
            ? trimmed
            : throw new UsageException($"{from}: it holds no API key; a key is one line of printable characters without spaces.");
    }
}
