using System.Text.Json;
using Fleet.Cli;
using Fleet.Cli.Config;
using Fleet.Tests.Support;

namespace Fleet.Tests.Cli;

/// <summary><c>fleet config</c>, and which of flag, environment, profile and default wins.</summary>
public sealed class ProfilesTests : IDisposable
{
    private const string Server = "https://prod.example";

    private readonly TempFolder _folder = new();
    private readonly Dictionary<string, string> _environment = new(StringComparer.Ordinal);

    public ProfilesTests() => _environment["FLEET_CONFIG"] = File_;

    private string File_ => Path.Combine(_folder.Path, "deep", "config.json");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Config_SetUseListGetDelete_GoRound()
    {
        var (exit, output, error) = await RunAsync("config", "set", "prod", "--server", Server, "--default-output", "json");
        Assert.Equal((0, "{\n", ""), (exit, output[..2], error));
        await RunAsync("config", "set", "test", "--server", "http://user:sesame@test.example:8710/fleet");

        Assert.Equal("prod\tyes\thttps://prod.example\tnone\ntest\t\thttp://…@test.example:8710/fleet\tnone\n", await TextAsync("list"));
        Assert.Equal("test is current\n", await TextAsync("use", "test"));
        Assert.Equal("prod\t\thttps://prod.example\tnone\ntest\tyes\thttp://…@test.example:8710/fleet\tnone\n", await TextAsync("list"));
        Assert.Equal("name\tprod\ncurrent\tno\nserver\thttps://prod.example\nkey\tnone\noutput\tjson\n", await TextAsync("get", "prod"));
        Assert.Equal("test deleted\n", await TextAsync("delete", "test", "--yes"));
        Assert.Equal("prod\n", (await RunAsync("config", "list", "-o", "name")).Output);
        foreach (var verb in new[] { "get", "use", "delete" })
            Assert.Equal((int)ExitCode.NotFound, (await RunAsync("config", verb, "test")).ExitCode);
        Assert.Equal((int)ExitCode.Usage, (await RunAsync("config", "set", "A b")).ExitCode);
        Assert.Equal((int)ExitCode.Usage, (await RunAsync("config", "set", "bad", "--server", "ftp://x")).ExitCode);
    }

    [Fact]
    public async Task Config_KeyFile_IsStoredForItsOwnerOnlyAndNeverShown()
    {
        var file = Path.Combine(_folder.Path, "key");
        await File.WriteAllTextAsync(file, "flt_sesame\n");

        await RunAsync("config", "set", "prod", "--server", Server, "--key-file", file);

        Assert.Equal("flt_sesame", new ProfilesFile(Read).Read().ByName["prod"].Key);
        if (!OperatingSystem.IsWindows())
            Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(File_));
        foreach (var command in new[] { "list", "get", "view" })
        {
            string[] name = command == "get" ? ["prod"] : [];
            var (_, output, error) = await RunAsync(["config", command, .. name, "-o", "json"]);
            Assert.DoesNotContain("sesame", output + error, StringComparison.Ordinal);
            Assert.True(JsonElement.Parse(output).ValueKind is JsonValueKind.Object or JsonValueKind.Array);
        }
    }

    [Fact]
    public async Task Config_FileThatOthersMayRead_IsWarnedOf()
    {
        if (OperatingSystem.IsWindows())
        {
            Assert.Skip("Windows has other rights.");
            return;
        }

        new ProfilesFile(Read).Write(new Profiles { ByName = new() { ["prod"] = new() { Key = "k" } } });
        File.SetUnixFileMode(File_, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.GroupRead);

        Assert.Contains("chmod 600", (await RunAsync("config", "list")).Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("{")]
    [InlineData("""{"profiles":{"a":{"sever":"http://x"}}}""")]
    [InlineData("""{"current":"gone","profiles":{}}""")]
    public async Task Config_BrokenFile_IsUsage(string text)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(File_)!);
        await File.WriteAllTextAsync(File_, text);

        var (exit, output, error) = await RunAsync("run", "list");

        Assert.Equal(((int)ExitCode.Usage, ""), (exit, output));
        Assert.Contains(File_, error, StringComparison.Ordinal);
    }

    /// <summary>Each setting: all four sources, then one less from the strongest on.</summary>
    [Fact]
    public async Task Server_OfEachPair_TheStrongerWins()
    {
        await WriteAsync(new Profile { Server = "http://profile" });
        _environment["FLEET_SERVER"] = "http://variable";

        Assert.Equal(("http://flag", "--server"), await ViewAsync("server", "--server", "http://flag"));
        Assert.Equal(("http://variable", "FLEET_SERVER"), await ViewAsync("server"));
        _environment.Remove("FLEET_SERVER");
        Assert.Equal(("http://flag", "--server"), await ViewAsync("server", "--server", "http://flag"));
        Assert.Equal(("http://profile", "profile p"), await ViewAsync("server"));
        File.Delete(File_);
        Assert.Equal((CommandContext.DefaultServer, "default"), await ViewAsync("server"));
        _environment["FLEET_SERVER"] = "http://variable";
        Assert.Equal(("http://variable", "FLEET_SERVER"), await ViewAsync("server"));
    }

    [Fact]
    public async Task Output_OfEachPair_TheStrongerWins()
    {
        await WriteAsync(new Profile { Output = "yaml" });
        _environment["FLEET_OUTPUT"] = "jsonl";

        Assert.Equal('[', (await RunAsync("config", "list", "-o", "json")).Output[0]);
        Assert.Equal('{', (await RunAsync("config", "list")).Output[0]);
        _environment.Remove("FLEET_OUTPUT");
        Assert.Equal('[', (await RunAsync("config", "list", "-o", "json")).Output[0]);
        Assert.Equal('-', (await RunAsync("config", "list")).Output[0]);
        _environment["FLEET_OUTPUT"] = "xml";
        var (exit, output, error) = await RunAsync("config", "list");
        Assert.Equal(((int)ExitCode.Usage, ""), (exit, output));
        Assert.StartsWith("FLEET_OUTPUT: 'xml' is not allowed", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Profile_OfEachPair_TheStrongerWins()
    {
        new ProfilesFile(Read).Write(new Profiles
        {
            Current = "c",
            ByName = new()
            {
                ["c"] = new() { Server = "http://c" },
                ["v"] = new() { Server = "http://v" },
                ["f"] = new() { Server = "http://f" },
            },
        });
        _environment["FLEET_PROFILE"] = "v";

        Assert.Equal(("http://f", "profile f"), await ViewAsync("server", "--profile", "f"));
        Assert.Equal(("http://v", "profile v"), await ViewAsync("server"));
        _environment.Remove("FLEET_PROFILE");
        Assert.Equal(("http://c", "profile c"), await ViewAsync("server"));
        var (exit, _, error) = await RunAsync("config", "view", "--profile", "x");
        Assert.Equal((int)ExitCode.Usage, exit);
        Assert.StartsWith("--profile: there is no profile 'x'", error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Key_OfEachPair_TheStrongerWinsAndIsSentToTheServer()
    {
        await using var server = new KeyServer();
        await WriteAsync(new Profile { Server = server.Url, Key = "of-profile" });
        var file = Path.Combine(_folder.Path, "key");
        await File.WriteAllTextAsync(file, "of-flag");
        _environment["FLEET_API_KEY"] = "of-variable";

        Assert.Equal("Bearer of-flag", await SentAsync("--key-file", file));
        _environment["FLEET_TOKEN"] = "of.provider.token";
        Assert.Equal("Bearer of-variable", await SentAsync());
        _environment.Remove("FLEET_API_KEY");
        Assert.Equal("Bearer of.provider.token", await SentAsync());
        _environment.Remove("FLEET_TOKEN");
        Assert.Equal("Bearer of-flag", await SentAsync("--key-file", file));
        Assert.Equal("Bearer of-profile", await SentAsync());
        // The key of a profile is for its server.
        Assert.Null(await SentAsync("--server", server.Url + "/"));
        await WriteAsync(new Profile { Server = server.Url, KeyCommand = "echo of-command" });
        Assert.Equal("Bearer of-command", await SentAsync());
        await WriteAsync(new Profile { Server = server.Url, KeyCommand = "exit 3" });
        Assert.Equal((int)ExitCode.Auth, (await RunAsync("run", "list")).ExitCode);
        // A command of several requests asks for the key once, and sends none without it.
        var asked = Path.Combine(_folder.Path, "asked");
        await WriteAsync(new Profile { Server = server.Url, KeyCommand = $"echo once >> {asked}; exit 3" });
        Assert.Equal((int)ExitCode.Auth, (await RunAsync("run", "get", $"{Guid.NewGuid()}", $"{Guid.NewGuid()}")).ExitCode);
        Assert.Equal(["once"], await File.ReadAllLinesAsync(asked));
        Assert.Equal("Bearer of-command", server.Authorization);

        async Task<string?> SentAsync(params string[] more)
        {
            var (exit, output, error) = await RunAsync(["run", "list", "-o", "json", .. more]);
            Assert.Equal((0, "[]\n", ""), (exit, output, error));
            return server.Authorization;
        }
    }

    private string? Read(string name) => _environment.GetValueOrDefault(name);

    private Task<(int ExitCode, string Output, string Error)> RunAsync(params string[] args) =>
        FleetCommand.RunAsync(new CommandContext(TimeProvider.System) { Environment = Read }, args);

    private async Task<string> TextAsync(params string[] args)
    {
        var (exit, output, error) = await RunAsync(["config", .. args, "-o", "tsv"]);
        Assert.Equal((0, ""), (exit, error));
        return output;
    }

    private async Task<(string? Value, string From)> ViewAsync(string setting, params string[] more)
    {
        var (exit, output, error) = await RunAsync(["config", "view", "-o", "json", .. more]);
        Assert.Equal((0, ""), (exit, error));
        var found = JsonElement.Parse(output).EnumerateArray().Single(s => s.GetProperty("setting").GetString() == setting);
        return (found.GetProperty("value").GetString(), found.GetProperty("from").GetString()!);
    }

    private Task WriteAsync(Profile profile)
    {
        new ProfilesFile(Read).Write(new Profiles { Current = "p", ByName = new() { ["p"] = profile } });
        return Task.CompletedTask;
    }

    /// <summary>Answers every request with an empty list, and keeps the header with the key.</summary>
    private sealed class KeyServer : IAsyncDisposable
    {
        private readonly System.Net.HttpListener _listener = new();
        private readonly Task _serving;

        public KeyServer()
        {
            Url = $"http://127.0.0.1:{FreePort.Next()}";
            _listener.Prefixes.Add(Url + "/");
            _listener.Start();
            _serving = ServeAsync();
        }

        public string Url { get; }

        public string? Authorization { get; private set; }

        public async ValueTask DisposeAsync()
        {
            _listener.Stop();
            await _serving;
            ((IDisposable)_listener).Dispose();
        }

        private async Task ServeAsync()
        {
            try
            {
                while (true)
                {
                    var call = await _listener.GetContextAsync();
                    Authorization = call.Request.Headers["Authorization"];
                    call.Response.Close("""{"items":[],"scanned":{"complete":true}}"""u8.ToArray(), willBlock: false);
                }
            }
            catch (Exception e) when (e is System.Net.HttpListenerException or ObjectDisposedException)
            {
                // Stopped.
            }
        }
    }
}
