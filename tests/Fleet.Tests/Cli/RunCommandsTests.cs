using System.Text.Json;
using Fleet.Cli;
using Fleet.Tests.Api;
using Fleet.Tests.Support;

namespace Fleet.Tests.Cli;

/// <summary>Commands about several runs at once: what is refused does not keep the others from being done.</summary>
[Collection(ApiFleet.Shared)]
public sealed class RunCommandsTests(ApiFleet api)
{
    private static readonly RunId Unknown = RunId.New(DateTimeOffset.UnixEpoch);

    [Theory]
    [InlineData("get")]
    [InlineData("cancel")]
    [InlineData("replay")]
    [InlineData("delete")]
    public async Task Several_AllDone_IsOneDocument(string verb)
    {
        var (first, second) = (await MakeAsync(verb), await MakeAsync(verb));

        var (exit, output, error) = await RunAsync(verb, "-o", "json", $"{first}", $"{second}", $"{first}");

        Assert.Equal((0, ""), (exit, error));
        Assert.Equal([$"{first}", $"{second}"], JsonElement.Parse(output).EnumerateArray().Select(e => e.GetProperty("id").GetString()));
    }

    [Theory]
    [InlineData("get")]
    [InlineData("cancel")]
    [InlineData("replay")]
    [InlineData("delete")]
    public async Task Several_SomeRefused_DoesTheOthersAndSaysEach(string verb)
    {
        var (first, second) = (await MakeAsync(verb), await MakeAsync(verb));

        var (exit, output, error) = await RunAsync(verb, "-o", "name", $"{first}", $"{Unknown}", $"{second}");

        Assert.Equal(((int)ExitCode.Partial, $"{first}\n{second}\n"), (exit, output));
        Assert.Equal($"{Unknown}: There is no run '{Unknown}'.\n", error);
    }

    [Theory]
    [InlineData("get")]
    [InlineData("delete")]
    public async Task Several_AllRefused_EndsWithTheirCodeAndAnEmptyOutput(string verb)
    {
        var other = RunId.New(DateTimeOffset.UnixEpoch);

        var (exit, output, error) = await RunAsync(verb, "-o", "json", $"{Unknown}", $"{other}");

        Assert.Equal(((int)ExitCode.NotFound, ""), (exit, output));
        Assert.Equal(2, error.TrimEnd().Split('\n').Length);
    }

    [Fact]
    public async Task Several_RefusedForDifferentReasons_IsAFailure()
    {
        var waiting = await WaitingAsync();

        var (exit, output, error) = await RunAsync("delete", $"{Unknown}", $"{waiting}");

        Assert.Equal(((int)ExitCode.Failure, ""), (exit, output));
        Assert.Contains($"{waiting}: Run {waiting} is waiting; cancel it first.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Several_OneIsNoId_IsUsageBeforeAnythingIsDone()
    {
        var id = await MakeAsync("delete");

        var (exit, output, error) = await RunAsync("delete", $"{id}", "x");

        Assert.Equal(((int)ExitCode.Usage, ""), (exit, output));
        Assert.StartsWith("ID: 'x' is not the id of a run", error, StringComparison.Ordinal);
        Assert.Equal(200, (await api.SendAsync("GET", $"/api/v1/runs/{id}")).Status);
    }

    [Fact]
    public async Task Several_ServerAway_AsksOnce()
    {
        var (exit, output, error) = await FleetCommand.RunAsync(
            "run", "get", $"{Unknown}", $"{RunId.New(DateTimeOffset.UnixEpoch)}", "--server", "http://127.0.0.1:1");

        Assert.Equal(((int)ExitCode.Unreachable, ""), (exit, output));
        Assert.Contains("The 1 after it were not tried.", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Get_DeadLetter_TellsItsFingerprintOrWhoDiscardedIt()
    {
        var id = await WaitingAsync();
        var group = await MadeUpDeath.OfAsync(api.Fleet, id);

        var (exit, output, error) = await RunAsync("get", $"{id}");
        Assert.Equal((0, ""), (exit, error));
        Assert.Matches($"(?m)^fingerprint\\s+{group}$", output);
        Assert.DoesNotContain("discarded", output, StringComparison.Ordinal);

        Assert.Equal(200, (await api.SendAsync("POST", $"/api/v1/dead-letters/{id}/discard", """{"reason":"sent by hand"}""")).Status);
        output = (await RunAsync("get", $"{id}")).Output;
        Assert.Matches(@"(?m)^discarded\s+\S.* by \S.*: sent by hand$", output);
        Assert.DoesNotContain(group, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task CancelAndDelete_AsText_NameEachRun()
    {
        var (first, second) = (await WaitingAsync(), await WaitingAsync());

        var canceled = await RunAsync("cancel", "-o", "table", $"{first}", $"{second}");
        var tried = await RunAsync("delete", "-o", "table", "--dry-run", $"{first}", $"{second}");
        var deleted = await RunAsync("delete", "-o", "table", $"{first}", $"{second}");

        Assert.Equal((0, $"{first}: canceled\n{second}: canceled\n", ""), canceled);
        Assert.Equal((0, $"{first} would be deleted\n{second} would be deleted\n", ""), tried);
        Assert.Equal((0, $"{first} deleted\n{second} deleted\n", ""), deleted);
        var (exit, output, error) = await RunAsync("get", $"{first}");
        Assert.Equal(((int)ExitCode.NotFound, ""), (exit, output));
        Assert.Contains($"Run {first} was deleted at ", error, StringComparison.Ordinal);
    }

    private Task<(int ExitCode, string Output, string Error)> RunAsync(string verb, params string[] args) =>
        FleetCommand.RunAsync(
            ["run", verb, .. args, "--server", $"{api.Http.BaseAddress}", .. verb == "get" ? Array.Empty<string>() : ["--yes"]]);

    private Task<RunId> WaitingAsync() => api.EnqueueAsync("""{"job":"diag.echo","delay":"PT1H"}""");

    /// <summary>A run with which the verb can do something.</summary>
    private async Task<RunId> MakeAsync(string verb)
    {
        var id = await WaitingAsync();
        if (verb is "replay" or "delete")
            Assert.Equal(200, (await api.SendAsync("POST", $"/api/v1/runs/{id}/cancel")).Status);
        return id;
    }
}
