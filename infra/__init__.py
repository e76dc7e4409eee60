"""Run time: Lambda handlers, the training image, the local AWS and the command line. Never imports aws_cdk."""
