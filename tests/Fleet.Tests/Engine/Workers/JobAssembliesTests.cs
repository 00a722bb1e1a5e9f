using System.Net.Http.Headers;
using Fleet.Engine.Workers;
using Fleet.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace Fleet.Tests.Engine.Workers;

public sealed class JobAssembliesTests
{
    [Theory]
    [InlineData("Fleet.JobPack.dll")]
    [InlineData("Fleet.JobPack/Fleet.JobPack.dll")]
    public async Task JobsPath_DroppedAssembly_RunsItsJob(string place)
    {
        using var folder = new TempFolder();
        JobPack.DropInto(folder, place);
        await using var fleet = await EmbeddedFleet.StartAsync(settings: [new("Fleet:Worker:JobsPath", folder.Path)]);
        using var content = new StringContent(
            """{"job":"pack.greet","args":{"name":"Ada"}}""", new MediaTypeHeaderValue("application/json"));

        var answer = await Api.Answer.ReadAsync(await fleet.Http.PostAsync(new Uri("/api/v1/runs", UriKind.Relative), content));

        Assert.Equal("\"Hello, Ada!\"", (await fleet.WaitAsync(answer.Id)).OutputJson);
    }

    [Fact]
    public async Task JobsPath_DroppedAssemblyWithModule_GetsItsServicesAndTheConfiguration()
    {
        using var folder = new TempFolder();
        JobPack.DropInto(folder);
        await using var fleet = await EmbeddedFleet.StartAsync(
            settings: [new("Fleet:Worker:JobsPath", folder.Path), new("Pack:TaxRate", "0.5")]);
        using var content = new StringContent(
            """{"job":"pack.price","args":{"amount":10}}""", new MediaTypeHeaderValue("application/json"));

        var answer = await Api.Answer.ReadAsync(await fleet.Http.PostAsync(new Uri("/api/v1/runs", UriKind.Relative), content));

        Assert.Equal("15.0", (await fleet.WaitAsync(answer.Id)).OutputJson);
    }

    [Fact]
    public void AddFrom_FolderMissing_NamesTheSetting()
    {
        var refused = Assert.Throws<InvalidOperationException>(
            () => new ServiceCollection().AddFleetJobs(jobs => JobAssemblies.AddFrom(jobs, "/nowhere/at/all")));

        Assert.Equal("Fleet:Worker:JobsPath: '/nowhere/at/all' is not allowed; allowed is a folder that exists.", refused.Message);
    }

    [Fact]
    public void AddFrom_FileThatIsNoAssembly_NamesIt()
    {
        using var folder = new TempFolder();
        File.WriteAllText(Path.Combine(folder.Path, "notes.dll"), "no assembly");

        var refused = Assert.Throws<InvalidOperationException>(
            () => new ServiceCollection().AddFleetJobs(jobs => JobAssemblies.AddFrom(jobs, folder.Path)));

        Assert.Contains("notes.dll' cannot be loaded", refused.Message, StringComparison.Ordinal);
    }
}
