using System.IO.Compression;
using System.Text.RegularExpressions;
using Fleet.Tests.House;
using Fleet.Tests.Support;

namespace Fleet.Tests.Deploy;

/// <summary>All packages in a folder, and programs outside the repository that are built from them: from the templates, and from
/// <c>PackagedApps</c>. Fleet's packages come from this folder only; all others from the cache of the machine.</summary>
public sealed partial class PackageFeed : IAsyncLifetime
{
    private static readonly TimeSpan BuildLimit = TimeSpan.FromMinutes(8);

    private static readonly string Configuration =
        AppContext.BaseDirectory.Contains($"{Path.DirectorySeparatorChar}Release{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
            ? "Release"
            : "Debug";

    private readonly TempFolder _folder = new();

    public string Feed => Path.Combine(_folder.Path, "feed");

    public string Apps => Path.Combine(_folder.Path, "apps");

    public string Version { get; private set; } = "";

    private Dictionary<string, string> Environment => new()
    {
        // Empty: what is built here comes from the feed, and not from an earlier run.
        ["NUGET_PACKAGES"] = Path.Combine(_folder.Path, "packages"),
        ["DOTNET_CLI_HOME"] = Path.Combine(_folder.Path, "home"),
        ["DOTNET_NOLOGO"] = "1",
        ["DOTNET_CLI_TELEMETRY_OPTOUT"] = "1",
        ["DOTNET_SKIP_FIRST_TIME_EXPERIENCE"] = "1",
        ["MSBUILDDISABLENODEREUSE"] = "1",
    };

    public async ValueTask InitializeAsync()
    {
        // What the tests were built from is packed as it is.
        await DotnetAsync(Repository.Root, null, "pack", "Fleet.sln", "--no-build", "-c", Configuration, "-o", Feed, "-v", "q");
        Version = FileVersion().Match(Directory.GetFiles(Feed, "Fleet.Contracts.*.nupkg").Single()).Groups["text"].Value;
        Directory.CreateDirectory(Apps);
        await File.WriteAllTextAsync(Path.Combine(Apps, "nuget.config"), NugetConfig(await SourcesAsync()));
        await File.WriteAllTextAsync(Path.Combine(Apps, "all.proj"), """
            <Project>
              <ItemGroup>
                <App Include="*/*.csproj" />
              </ItemGroup>
              <Target Name="Restore"><MSBuild Projects="@(App)" Targets="Restore" /></Target>
              <Target Name="Build"><MSBuild Projects="@(App)" Targets="Build" BuildInParallel="true" /></Target>
            </Project>
            """);
        await DotnetAsync(Apps, Environment, "new", "install", Path.Combine(Feed, $"Fleet.Templates.{Version}.nupkg"));
        foreach (var (template, name) in new[] { ("fleet-web", "Web"), ("fleet-worker", "Worker"), ("fleet-job", "Words") })
            await DotnetAsync(Apps, Environment, "new", template, "-o", name, "--no-update-check");
        // A server on PostgreSQL and RabbitMQ: the same program with two packages more.
        await DotnetAsync(Apps, Environment, "new", "fleet-web", "-o", "Server", "--no-update-check");
        await ChangeAsync("Server/Server.csproj", "<PackageReference Include=\"Fleet.Hosting\"", $"""
            <PackageReference Include="Fleet.Postgres" Version="{Version}" />
                <PackageReference Include="Fleet.RabbitMq" Version="{Version}" />
                <PackageReference Include="Fleet.Hosting"
            """);
        foreach (var file in Directory.EnumerateFiles(Path.Combine(SourceFolder(), "PackagedApps"), "*.txt", SearchOption.AllDirectories))
        {
            var target = Path.Combine(Apps, Path.GetRelativePath(Path.Combine(SourceFolder(), "PackagedApps"), file)[..^4]);
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            await File.WriteAllTextAsync(
                target, (await File.ReadAllTextAsync(file)).Replace("FLEET_VERSION", Version, StringComparison.Ordinal));
        }

        await WriteReadmesAsync();
        await DotnetAsync(Apps, Environment, "msbuild", "all.proj", "-restore", "-t:Build", "-v:q", "-nologo");
    }

    public ValueTask DisposeAsync()
    {
        _folder.Dispose();
        return ValueTask.CompletedTask;
    }

    /// <summary>The assembly of a program that was built.</summary>
    public string Assembly(string app) => Path.Combine(Output(app), app + ".dll");

    public string Output(string app) => Path.Combine(Apps, app, "bin", "Debug", "net10.0");

    /// <summary>The text of a file in a package.</summary>
    public string Read(string package, string entry)
    {
        using var zip = ZipFile.OpenRead(Path.Combine(Feed, $"{package}.{Version}.nupkg"));
        using var reader = new StreamReader((zip.GetEntry(entry) ?? throw new FileNotFoundException($"{package}: {entry}")).Open());
        return reader.ReadToEnd();
    }

    public IReadOnlyList<string> Entries(string package, string extension = "nupkg")
    {
        using var zip = ZipFile.OpenRead(Path.Combine(Feed, $"{package}.{Version}.{extension}"));
        return [.. zip.Entries.Select(e => e.FullName)];
    }

    /// <summary>The code of every README, as one program that references the packages. That of Fleet.Hosting is the program; each other one
    /// has a namespace of its own.</summary>
    private async Task WriteReadmesAsync()
    {
        var folder = Directory.CreateDirectory(Path.Combine(Apps, "Readmes")).FullName;
        await File.WriteAllTextAsync(Path.Combine(folder, "Readmes.csproj"), $"""
            <Project Sdk="Microsoft.NET.Sdk.Web">
              <PropertyGroup>
                <TargetFramework>net10.0</TargetFramework>
                <Nullable>enable</Nullable>
                <ImplicitUsings>enable</ImplicitUsings>
              </PropertyGroup>
              <ItemGroup>
                <Using Include="Fleet" />
                <Using Include="Fleet.Client" />
                <Using Include="Microsoft.EntityFrameworkCore" />
                <Using Include="Microsoft.Extensions.DependencyInjection" />
                <PackageReference Include="Fleet.Client" Version="{Version}" />
                <PackageReference Include="Fleet.EntityFrameworkCore" Version="{Version}" />
                <PackageReference Include="Fleet.Hosting" Version="{Version}" />
                <PackageReference Include="Fleet.MassTransit" Version="{Version}" />
                <PackageReference Include="Fleet.Postgres" Version="{Version}" />
                <PackageReference Include="Fleet.RabbitMq" Version="{Version}" />
                <PackageReference Include="Fleet.Testing" Version="{Version}" />
                <PackageReference Include="Fleet.SqlServer" Version="{Version}" />
              </ItemGroup>
            </Project>
            """);
        await File.WriteAllTextAsync(Path.Combine(folder, "Program.cs"), Code("Fleet.Hosting"));
        string[] others =
        [
            "Fleet.Contracts", "Fleet.Client", "Fleet.EntityFrameworkCore", "Fleet.MassTransit", "Fleet.Postgres", "Fleet.SqlServer",
            "Fleet.RabbitMq", "Fleet.Testing",
        ];
        foreach (var readme in others)
        {
            var name = readme.Replace('.', '_');
            await File.WriteAllTextAsync(Path.Combine(folder, name + ".cs"), $"namespace Of{name}\n{{\n{Code(readme)}\n}}\n");
        }

        string Code(string package)
        {
            var blocks = CSharp().Matches(Read(package, "README.md"));
            Assert.NotEmpty(blocks);
            return string.Join('\n', blocks.Select(m => m.Groups["text"].Value));
        }
    }

    private async Task ChangeAsync(string file, string old, string now)
    {
        var path = Path.Combine(Apps, file);
        var text = await File.ReadAllTextAsync(path);
        Assert.Contains(old, text, StringComparison.Ordinal);
        await File.WriteAllTextAsync(path, text.Replace(old, now, StringComparison.Ordinal));
    }

    /// <summary>The names of the package sources of the machine.</summary>
    private async Task<IEnumerable<string>> SourcesAsync()
    {
        var english = new Dictionary<string, string> { ["DOTNET_CLI_UI_LANGUAGE"] = "en" };
        var (_, output, _) = await Programs.RunAsync(["dotnet", "nuget", "list", "source"], Apps, english, BuildLimit);
        return Source().Matches(output).Select(m => m.Groups["name"].Value);
    }

    private string NugetConfig(IEnumerable<string> others) => $"""
        <configuration>
          <packageSources>
            <add key="fleet" value="{Feed}" />
          </packageSources>
          <packageSourceMapping>
            <packageSource key="fleet"><package pattern="Fleet.*" /></packageSource>
            {string.Concat(others.Select(name => $"<packageSource key=\"{name}\"><package pattern=\"*\" /></packageSource>"))}
          </packageSourceMapping>
          <fallbackPackageFolders>
            <add key="machine" value="{MachineCache()}" />
          </fallbackPackageFolders>
        </configuration>
        """;

    private static string MachineCache() => System.Environment.GetEnvironmentVariable("NUGET_PACKAGES") is { Length: > 0 } named
        ? named
        : Path.Combine(System.Environment.GetFolderPath(System.Environment.SpecialFolder.UserProfile), ".nuget", "packages");

    private static string SourceFolder() => Path.Combine(Repository.Root, "tests", "Fleet.Tests", "Deploy");

    private static async Task DotnetAsync(string folder, IReadOnlyDictionary<string, string>? environment, params string[] args)
    {
        var (exitCode, output, error) = await Programs.RunAsync(["dotnet", .. args], folder, environment, BuildLimit);
        Assert.True(exitCode == 0, $"dotnet {string.Join(' ', args)} ended with {exitCode}.\n{output}\n{error}");
    }

    [GeneratedRegex(@"^\s*\d+\.\s+(?<name>.+) \[Enabled\]", RegexOptions.Multiline | RegexOptions.ExplicitCapture, 1000)]
    private static partial Regex Source();

    [GeneratedRegex(@"Fleet\.Contracts\.(?<text>\d.*)\.nupkg", RegexOptions.None, matchTimeoutMilliseconds: 1000)]
    private static partial Regex FileVersion();

    [GeneratedRegex(@"```csharp\n(?<text>.*?)```", RegexOptions.Singleline, matchTimeoutMilliseconds: 1000)]
    private static partial Regex CSharp();
}
