using System.Diagnostics;
using System.Reflection;
using System.Text.Json;
using System.Text.Json.Nodes;

namespace Fleet.Bench.Drivers;

/// <summary>JSON lines with the bench: commands on stdin, one answer each on stdout. What programs print goes to stderr instead.</summary>
internal sealed class Talk
{
    private readonly StreamWriter _out;

    private Talk(StreamWriter output) => _out = output;

    /// <summary>Takes stdout away from everybody else.</summary>
    public static Talk TakeConsole()
    {
        var output = new StreamWriter(Console.OpenStandardOutput()) { AutoFlush = true };
        Console.SetOut(Console.Error);
        return new Talk(output);
    }

    /// <summary>Microseconds of CLOCK_MONOTONIC, the same in every process of the machine.</summary>
    public static long Now() => (long)(Stopwatch.GetTimestamp() / (Stopwatch.Frequency / 1e6));

    /// <summary>An instant of the wall clock on that clock.</summary>
    public static long At(DateTimeOffset instant) => Now() + (long)(instant - TimeProvider.System.GetUtcNow()).TotalMicroseconds;

    /// <summary>What the bench told this process in its environment.</summary>
    /// <exception cref="InvalidOperationException">It is not set.</exception>
    public static string Setting(string name) =>
        Environment.GetEnvironmentVariable(name)
            ?? throw new InvalidOperationException($"{name} is not set; start drivers through bench/run.sh.");

    public static int Unknown(string[] args)
    {
        Console.Error.WriteLine($"No such role: '{string.Join(' ', args)}'.");
        return 2;
    }

    /// <summary>Says that the driver is ready, with the versions of the packages that it drives.</summary>
    public Task ReadyAsync(IEnumerable<Type> packages) => _out.WriteLineAsync(JsonSerializer.Serialize(new
    {
        ready = true,
        versions = packages.Select(type => type.Assembly)
            .ToDictionary(package => package.GetName().Name!,
            package => package.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion.Split('+')[0]
                ?? package.GetName().Version!.ToString(3)),
    }));

    /// <summary>Answers every command until stdin ends; a failure is an answer too.</summary>
    public async Task<int> ServeAsync(Func<string, JsonObject, Task<object>> answer)
    {
        while (await Console.In.ReadLineAsync() is { } line)
        {
            var command = JsonNode.Parse(line)!.AsObject();
            var name = command["cmd"]!.GetValue<string>();
            if (name == "exit")
                break;
            object said;
            try
            {
                said = await answer(name, command);
            }
            catch (Exception e)
            {
                await Console.Error.WriteLineAsync(e.ToString());
                said = new { error = e.GetType().Name + ": " + e.Message };
            }

            await _out.WriteLineAsync(JsonSerializer.Serialize(said));
        }

        return 0;
    }
}
